"""Whether a patient is new, by the visits that are known."""

from dataclasses import replace
from datetime import date

import pytest

from services.coder.chart_facts import read_facts
from services.coder.visit_history import Visit, judge_history, read_visit
from tests.builders import diagnostic_report, encounter, version_of
from tests.builders.charts import ready_chart

NOW = Visit("Patient/1", date(2026, 9, 1), "Organization/g", "cardiology", ("Practitioner/a",))
BEFORE = replace(NOW, day=date(2025, 9, 1))
LONG_AGO = date(2020, 1, 1)


@pytest.mark.parametrize(
    ("earlier", "known_since", "is_new"),
    [
        ([BEFORE], None, False),
        ([replace(BEFORE, practitioners=("Practitioner/b",))], None, False),
        ([replace(BEFORE, specialty="dermatology", care_group="Organization/other")], None, False),
        ([replace(BEFORE, practitioners=(), specialty="dermatology")], LONG_AGO, True),
        ([replace(BEFORE, practitioners=(), care_group="Organization/other")], LONG_AGO, True),
        ([replace(BEFORE, practitioners=(), specialty="")], LONG_AGO, None),
        ([], LONG_AGO, True),
        ([], date(2023, 9, 1), True),
        ([], date(2023, 9, 2), None),
        ([], None, None),
    ],
)
def test_history(earlier: list[Visit], known_since: date | None, is_new: bool | None) -> None:
    assert judge_history(NOW, earlier, known_since) is is_new


def test_three_years_before_a_leap_day() -> None:
    assert replace(NOW, day=date(2028, 2, 29)).looks_back_to == date(2025, 2, 28)
    assert NOW.looks_back_to == date(2023, 9, 1)


def test_a_visit_is_read_from_its_chart() -> None:
    chart = ready_chart()
    assert read_visit(chart, read_facts(chart)) == Visit(
        "Patient/pt-1", date(2026, 9, 1), "Organization/hospital", "", ("Practitioner/dr-1",)
    )


def test_a_report_alone_is_no_visit() -> None:
    category = [{"coding": [{"code": "RAD"}]}]
    report = version_of(diagnostic_report("dr-1", "Normal.", category=category))
    for changes in ({"reports": (report,)}, {"context": ()}, {"encounter_class": "OTHER"}, {"service_date": None}):
        chart = ready_chart(encounter=version_of(encounter()), **changes)
        assert read_visit(chart, read_facts(chart)) is None
