import json
from pathlib import Path
from typing import Any

import pytest

from services.simulators.hospital import read_reasons, write_day

ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"


class Population:
    """Writes a folder as the simulator leaves it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, resource_type: str, resource_id: str, **content: Any) -> None:
        line = json.dumps({"resourceType": resource_type, "id": resource_id, **content}) + "\n"
        with (self.folder / f"{resource_type}.ndjson").open("a") as file:
            file.write(line)

    def add_visit(
        self,
        number: int,
        encounter_class: str,
        *,
        status: str = "finished",
        noted: bool = True,
        covered: str | None = "active",
    ) -> None:
        patient = {"reference": f"Patient/p{number}"}
        encounter = {"reference": f"Encounter/e{number}"}
        start = f"2026-09-{number:02}T10:00:00Z"
        reason = {"coding": [{"system": "http://snomed.info/sct", "code": "1"}, {"system": ICD10CM, "code": "I10"}]}
        self.add(
            "Encounter",
            f"e{number}",
            status=status,
            **{
                "class": {"code": encounter_class},
                "subject": patient,
                "period": {"start": start},
                "reasonCode": [reason],
            },
        )
        self.add("Patient", f"p{number}")
        self.add("Condition", f"c{number}", subject=patient, encounter=encounter)
        self.add("DiagnosticReport", f"r{number}", encounter=encounter)
        if noted:
            kind = {"coding": [{"code": "34131-3", "display": "Progress note"}]}
            note = {"status": "final", "type": kind, "subject": patient, "encounter": encounter, "date": start}
            self.add("Composition", f"n{number}", **note)
        if covered:
            self.add("Coverage", f"v{number}", beneficiary=patient, status=covered)


@pytest.fixture
def population(tmp_path: Path) -> Population:
    folder = tmp_path / "population"
    folder.mkdir()
    return Population(folder)


def ids(day: Path, resource_type: str) -> list[str]:
    return [json.loads(line)["id"] for line in (day / f"{resource_type}.ndjson").read_text().splitlines()]


def test_a_day_has_as_many_charts_as_asked_for_with_their_context(population: Population, tmp_path: Path) -> None:
    for number in range(1, 6):
        population.add_visit(number, "AMB")

    assert write_day(population.folder, tmp_path / "day", 2) == 2

    assert ids(tmp_path / "day", "Encounter") == ["e1", "e2"]
    assert ids(tmp_path / "day", "Patient") == ["p1", "p2"]
    assert ids(tmp_path / "day", "Coverage") == ["v1", "v2"]
    assert ids(tmp_path / "day", "Condition") == ["c1", "c2"]
    assert ids(tmp_path / "day", "DiagnosticReport") == ["r1", "r2", "note-n1", "note-n2"]


def test_inpatients_and_emergencies_come_first_up_to_half(population: Population, tmp_path: Path) -> None:
    for number, encounter_class in enumerate(["AMB", "AMB", "AMB", "EMER", "IMP", "EMER"], start=1):
        population.add_visit(number, encounter_class)

    write_day(population.folder, tmp_path / "day", 4)

    assert ids(tmp_path / "day", "Encounter") == ["e4", "e5", "e1", "e2"]


def test_visits_without_end_note_or_coverage_are_left_out(population: Population, tmp_path: Path) -> None:
    population.add_visit(1, "AMB", noted=False)
    population.add_visit(2, "AMB", covered=None)
    population.add_visit(3, "AMB", covered="cancelled")
    population.add_visit(4, "AMB", status="in-progress")
    population.add_visit(5, "AMB")

    assert write_day(population.folder, tmp_path / "day", 5) == 1

    assert ids(tmp_path / "day", "Encounter") == ["e5"]


def test_lines_keep_their_bytes(population: Population, tmp_path: Path) -> None:
    population.add_visit(1, "AMB")
    line = '{"resourceType":"Practitioner","id":"d",  "extension":[{"valueDecimal":878.50}]}\n'
    (population.folder / "Practitioner.ndjson").write_text(line)

    write_day(population.folder, tmp_path / "day", 1)

    assert (tmp_path / "day" / "Practitioner.ndjson").read_text() == line


def test_reasons_are_the_icd10cm_codes_of_the_encounters(population: Population, tmp_path: Path) -> None:
    population.add_visit(1, "AMB")
    write_day(population.folder, tmp_path / "day", 1)

    assert read_reasons(tmp_path / "day") == {"Encounter/e1": "I10"}
