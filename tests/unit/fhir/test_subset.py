"""Resources are read by subset; times of any precision mean what FHIR says."""

from datetime import UTC, date, datetime

import pytest

from shared.fhir.elements import Period, latest_moment_of
from shared.fhir.subset import CompositionSubset, CoverageSubset, EncounterSubset, PatientSubset, read_as
from tests.builders import as_text, composition, coverage, encounter, patient


def test_an_encounter_is_read() -> None:
    subset = read_as(EncounterSubset, as_text(encounter(version=3)))
    assert (subset.self_reference, subset.meta.version_id, subset.class_.code) == ("Encounter/enc-1", "3", "AMB")
    assert subset.participant[0].is_a("ATND")
    assert subset.period.start == datetime(2026, 9, 1, 10, tzinfo=UTC)


def test_a_composition_has_one_identifier_and_nested_sections() -> None:
    nested = composition(identifier={"value": "x"})
    nested["section"][0]["section"] = [{"title": "Inner"}]
    assert read_as(CompositionSubset, as_text(nested)).section[0].section[0].title == "Inner"


def test_a_coverage_names_its_payers() -> None:
    subset = read_as(CoverageSubset, as_text(coverage()))
    assert [payor.reference for payor in subset.payor] == ["Organization/payer-1"]


@pytest.mark.parametrize(("on", "years"), [(date(2026, 3, 20), 45), (date(2026, 3, 21), 46)])
def test_age_is_in_completed_years(on: date, years: int) -> None:
    assert read_as(PatientSubset, as_text(patient(birth_date="1980-03-21"))).age_years(on) == years


def test_age_is_unknown_without_the_day() -> None:
    assert read_as(PatientSubset, as_text(patient(birth_date="1980"))).age_years(date(2026, 1, 1)) is None


@pytest.mark.parametrize(
    ("text", "latest"),
    [
        ("2026", "2026-12-31T23:59:59+00:00"),
        ("2026-02", "2026-02-28T23:59:59+00:00"),
        ("2026-12", "2026-12-31T23:59:59+00:00"),
        ("2026-02-28", "2026-02-28T23:59:59+00:00"),
        ("2026-02-28T10:00:00+02:00", "2026-02-28T10:00:00+02:00"),
        ("2026-12-31T23:59:60Z", "2026-12-31T23:59:59+00:00"),
        ("9999-12-31", "9999-12-31T23:59:59+00:00"),
        ("9999", "9999-12-31T23:59:59.999999+00:00"),
    ],
)
def test_the_latest_moment_of_a_time(text: str, latest: str) -> None:
    assert latest_moment_of(text).isoformat() == latest


def test_an_open_period_has_no_end() -> None:
    assert Period.model_validate({"start": "2026"}).end is None


def test_nulls_are_read_as_nothing() -> None:
    subset = read_as(PatientSubset, as_text(patient(name=[{"given": [None, "Ada"], "family": "x"}])))
    assert subset.name[0].given == ("Ada",)
    assert read_as(EncounterSubset, '{"resourceType": "Encounter", "status": "x", "class": {}, "meta": null}').id == ""
