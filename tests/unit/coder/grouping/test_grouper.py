"""MS-DRGs of hand-checked stays, through the adapter: version by discharge, severities, exclusions, HAC by POA."""

from collections.abc import Iterator
from datetime import date

import pytest

from services.coder.grouping.drivers import Explained, explain_group
from services.coder.grouping.grouper import Grouper, Stay, StayDiagnosis
from services.coder.grouping.msdrg_grouper import MsdrgGrouper, find_version

SPRING_2026 = date(2026, 5, 2)


@pytest.fixture(scope="module")
def grouper() -> Iterator[Grouper]:
    with MsdrgGrouper() as opened:
        yield opened


def stay(*codes: str, procedures: tuple[str, ...] = (), discharged: date = SPRING_2026, status: str = "01") -> Stay:
    """A man of 70; `code/N` was not present on admission."""
    read = (code.partition("/") for code in codes)
    diagnoses = tuple(StayDiagnosis(code, poa or "Y") for code, _, poa in read)
    return Stay(discharged, diagnoses, procedures, 70, "male", status)


def explain(grouper: Grouper, asked: Stay) -> Explained:
    found = explain_group(grouper, asked)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("day", "version"),
    [
        (date(2022, 9, 30), None),
        (date(2022, 10, 1), 400),
        (date(2025, 9, 30), 421),
        (date(2025, 10, 1), 430),
        (date(2026, 3, 31), 430),
        (date(2026, 4, 1), 431),
        (date(2026, 10, 1), 440),
        (date(2035, 1, 1), None),
    ],
)
def test_the_version_is_that_of_the_day_of_discharge(day: date, version: int | None) -> None:
    assert find_version(day) == version


def test_a_day_without_a_version_has_no_group(grouper: Grouper) -> None:
    assert explain_group(grouper, stay("J18.9", discharged=date(2020, 1, 1))) is None


@pytest.mark.parametrize(
    ("asked", "drg"),
    [
        (stay("J18.9"), "195"),
        (stay("J18.9", "N17.9"), "194"),
        (stay("J18.9", "J96.01"), "193"),
        (stay("I50.23", "N17.9", "J96.01"), "291"),
        (stay("S72.001A", procedures=("0SR904A",)), "522"),
        (stay("I21.09", status="20"), "285"),
        (stay("I21.09"), "282"),
    ],
)
def test_the_group_of_a_stay(grouper: Grouper, asked: Stay, drg: str) -> None:
    assert explain(grouper, asked).group.drg == drg


def test_what_drives_the_group_is_what_it_would_be_without_each(grouper: Grouper) -> None:
    found = explain(grouper, stay("J18.9", "N17.9", "J96.01", "I10"))
    assert (found.group.drg, found.principal) == ("193", "J18.9")
    assert [(each.code, each.role, each.drg_without) for each in found.drivers] == [
        ("J96.01", "MCC", "194"),
        ("N17.9", "CC", "193"),
    ]


def test_of_two_major_complications_neither_drives_alone(grouper: Grouper) -> None:
    found = explain(grouper, stay("J18.9", "J96.01", "I50.21"))
    assert {each.drg_without for each in found.drivers} == {"193"}


def test_an_operating_procedure_drives_too(grouper: Grouper) -> None:
    found = explain(grouper, stay("K80.00", procedures=("0FT44ZZ",)))
    assert [(each.code, each.role, each.drg_without) for each in found.drivers] == [("0FT44ZZ", "procedure", "446")]


def test_a_complication_that_the_principal_diagnosis_excludes_counts_for_nothing(grouper: Grouper) -> None:
    found = explain(grouper, stay("K80.00", "K81.0"))
    (driver,) = found.drivers
    assert (driver.code, driver.excluded, driver.drg_without) == ("K81.0", True, found.group.drg)


def test_a_condition_acquired_in_hospital_does_not_raise_the_group(grouper: Grouper) -> None:
    acquired, present = (explain(grouper, stay("S72.001A", f"L89.153{poa}")) for poa in ("/N", "/Y"))
    assert (acquired.group.drg, present.group.drg) == ("536", "535")
    assert acquired.drivers[0].acquired == "Stage III and IV Pressure Ulcers"
    assert present.drivers[0].acquired == ""


def test_what_cannot_be_grouped_says_why(grouper: Grouper) -> None:
    group = explain(grouper, stay("Z99.99X")).group
    assert (group.drg, group.problem) == ("999", "invalid pdx")
