"""How urgent a chart is: explained by its parts, and never reordered by time."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coder.priority import PriorityWeights, RankedFacts, rank_chart

DAY = date(2026, 9, 1)
PLAIN = RankedFacts(DAY, "AMB", "Organization/a", "", documents=1, characters=100)


def facts(**more: object) -> RankedFacts:
    return RankedFacts(**{**{name: getattr(PLAIN, name) for name in RankedFacts.__slots__}, **more})


def test_a_chart_is_due_when_the_share_of_its_filing_limit_is_used_up() -> None:
    weights = PriorityWeights(filing_limit_days_by_payer={"Organization/slow": 360}, due_share=0.25)
    due = {payer: rank_chart(facts(payer=payer), weights, DAY) for payer in ("Organization/a", "Organization/slow")}
    assert due["Organization/a"].due_at == datetime(2026, 9, 23, 12, tzinfo=UTC)
    assert due["Organization/slow"].due_at == datetime(2026, 11, 30, tzinfo=UTC)
    assert due["Organization/slow"].filing_limit_on == date(2027, 8, 27)


@pytest.mark.parametrize(
    ("more", "part", "hours"),
    [
        ({"encounter_class": "EMER"}, "charge_hours", 24),
        ({"encounter_class": "IMP"}, "charge_hours", 120),
        ({}, "charge_hours", 3),
        ({"flag": "EM"}, "flag_hours", 96),
        ({"flag": "banana"}, "flag_hours", 0),
        ({}, "complexity_hours", 2),
        ({"documents": 3, "characters": 9_000, "suggestions": 5}, "complexity_hours", 20),
        ({"suggestions": 500}, "complexity_hours", 72),
    ],
)
def test_each_part_has_its_hours(more: dict[str, object], part: str, hours: int) -> None:
    assert getattr(rank_chart(facts(**more), PriorityWeights(), DAY), part) == hours


def test_a_chart_without_a_service_date_counts_from_its_arrival() -> None:
    assert rank_chart(facts(service_date=None), PriorityWeights(), DAY) == rank_chart(PLAIN, PriorityWeights(), DAY)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_a_rank_does_not_depend_on_the_day_on_which_it_is_asked(today: date, later: date) -> None:
    assert rank_chart(PLAIN, PriorityWeights(), today) == rank_chart(PLAIN, PriorityWeights(), later)
