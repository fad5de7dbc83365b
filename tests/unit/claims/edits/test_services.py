"""Bundling, units and coverage by the rows' own indicators and dates."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from services.claims.edits import BilledService, ReferenceData, run_edits
from tests.builders import Resource
from tests.unit.claims.edits.subjects import DAY, Claimed, line


def found(claimed: Claimed, tables: ReferenceData) -> set[str]:
    """The ids of all findings."""
    return {finding.edit for finding in run_edits(claimed.under_edit(tables))}


def pair(one: Resource, two: Resource, day: date = date(2026, 9, 1)) -> Claimed:
    """Two lines of one day, sent on that day."""
    return Claimed(lines=(one, two), day=day, sent=day)


def test_a_pair_that_does_not_apply_bundles_nothing(tables: ReferenceData) -> None:
    assert found(pair(line("20610"), line("76942")), tables) == set()


@pytest.mark.parametrize("modifier", ["59", "XS", "RT", "F5", "91", "25"])
def test_a_modifier_that_bypasses_may_stand_on_either_line(modifier: str, tables: ReferenceData) -> None:
    claimed = [pair(line("11042", modifier), line("97597")), pair(line("11042"), line("97597", modifier))]
    assert [found(each, tables) & {"ncci-bundled"} for each in claimed] == [set(), set()]


@pytest.mark.parametrize("modifier", ["22", "51", "GC", "76"])
def test_other_modifiers_bypass_nothing(modifier: str, tables: ReferenceData) -> None:
    assert "ncci-bundled" in found(pair(line("11042"), line("97597", modifier)), tables)


def test_no_modifier_bypasses_indicator_0(tables: ReferenceData) -> None:
    assert "ncci-never-together" in found(pair(line("80053", "59"), line("80048", "59")), tables)


def test_services_of_two_days_are_not_bundled(tables: ReferenceData) -> None:
    assert found(pair(line("11042"), line("97597", servicedDate="2026-09-02")), tables) == set()


@pytest.mark.parametrize(
    ("day", "bundled"),
    [
        (date(2026, 6, 30), set()),
        (date(2026, 7, 1), {"ncci-bundled"}),
        (date(2026, 9, 30), {"ncci-bundled"}),
        (date(2026, 10, 1), set()),
    ],
)
def test_a_pair_holds_on_its_own_days(day: date, bundled: set[str], tables: ReferenceData) -> None:
    assert found(pair(line("11043"), line("97598"), day), tables) == bundled


def test_until_mid_2019_the_modifier_stands_on_column_2(tables: ReferenceData) -> None:
    on_column_1 = pair(line("11042", "59"), line("97597"), date(2019, 6, 30))
    assert "ncci-bundled-before-2019-07" in found(on_column_1, tables)
    assert found(replace(on_column_1, day=date(2019, 7, 1), sent=date(2019, 7, 1)), tables) == set()


@pytest.mark.parametrize(
    ("lines", "edits"),
    [
        ((line("97110", units=8),), set()),
        ((line("27447", units=2),), set()),
        ((line("27447", units=3),), {"mue-day"}),
        ((line("80061", units=2),), {"mue-day-appealable"}),
        ((line("99999", units=500),), set()),
    ],
)
def test_units_at_their_limit(lines: tuple[Resource, ...], edits: set[str], tables: ReferenceData) -> None:
    assert found(Claimed(lines=lines), tables) == edits


@pytest.mark.parametrize(("payer", "edits"), [("acme", {"not-medically-necessary"}), ("medicare", set())])
def test_a_coverage_rule_is_its_payers(payer: str, edits: set[str], tables: ReferenceData) -> None:
    assert found(Claimed(payer=payer, lines=(line("83036"),)), tables) == edits
    assert found(Claimed(payer=payer, diagnoses=("E11.9",), lines=(line("83036"),)), tables) == set()


def test_a_coverage_rule_reads_the_diagnoses_that_the_line_points_to(tables: ReferenceData) -> None:
    claimed = Claimed(diagnoses=("E55.9", "J18.9"), lines=(line("82306", points=(2,)),))
    assert found(claimed, tables) == {"not-medically-necessary"}


def test_without_tables_nothing_is_looked_up() -> None:
    claimed = pair(line("80053"), line("80048"))
    assert found(replace(claimed, diagnoses=("Q99.99",)), ReferenceData()) == set()


@pytest.mark.parametrize(("kind", "stay"), [("professional", False), ("institutional", True)])
@pytest.mark.parametrize("table", ["pairs", "unit_limits"])
def test_hospitals_tables_are_for_outpatients_of_hospitals(
    kind: str, stay: bool, table: str, tables: ReferenceData
) -> None:
    only = ReferenceData(outpatient_pairs=tables.pairs, outpatient_unit_limits=tables.unit_limits)
    lines = {"pairs": (line("80053"), line("80048")), "unit_limits": (line("27447", units=3),)}[table]
    edit = {"pairs": "ncci-never-together", "unit_limits": "mue-day"}[table]
    assert edit not in found(Claimed(lines=lines, kind=kind, stay=stay), only)
    assert edit in found(Claimed(lines=lines, kind="institutional"), only)
    assert edit not in found(Claimed(lines=lines, kind="institutional"), tables)


def test_units_of_other_claims_count_for_the_day(tables: ReferenceData) -> None:
    def billed(*units: int, code: str = "27447", day: date = DAY) -> Claimed:
        others = tuple(BilledService(code, (), day, Decimal(each)) for each in units)
        return Claimed(lines=(line("27447", "59"),), billed=others)

    assert "mue-day" in found(billed(1, 1), tables)
    for within in (billed(1), billed(2, code="27446"), billed(2, day=date(2026, 8, 31))):
        assert "mue-day" not in found(within, tables)
