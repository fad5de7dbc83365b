"""The simulated hospital: clinosim makes its FHIR, and a day of N charts is chosen from it.

Place in the flow: before `replay`, which sends the folder that `write_day` fills. Invariant: the same seed and number
of charts give the same day; every resource but the notes has the bytes that the simulator wrote.
"""

import importlib.metadata
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from services.local.errors import LocalStackError
from services.local.process import Child, ChildSpec
from services.simulators.notes import JsonObject, is_note, report_from_composition, report_from_document
from shared.codesets.cache import cache_folder
from shared.fhir.systems import ICD10CM

FIRST_DAY, LAST_DAY = "2026-08-01", "2026-09-30"
"""Two months of one ICD-10-CM release."""
PEOPLE_PER_CHART = 8
"""The simulator sees about 0.4 visits a person in these two months: three times as many as are chosen."""
MIN_PEOPLE = 320
WHOLE_TYPES = ("Organization", "Location", "Practitioner", "PractitionerRole")
"""Context that is sent whole; of patients, their coverages and conditions only the chosen ones."""
RARE_CLASSES = ("IMP", "EMER")
"""Encounter classes of which a small population has few; they may fill half of a day."""


class Written(NamedTuple):
    """A resource as the simulator wrote it: its line, and the line decoded."""

    line: bytes
    content: JsonObject


async def simulate_population(charts: int, seed: int, *, log: Path) -> Path:
    """Return the folder of the FHIR of a population large enough for `charts`; simulated once, then cached."""
    people = max(MIN_PEOPLE, charts * PEOPLE_PER_CHART)
    try:
        version = importlib.metadata.version("clinosim")
    except importlib.metadata.PackageNotFoundError:
        raise LocalStackError("the simulated hospital needs clinosim; install chartline[simulators]") from None
    population = cache_folder() / "hospital" / f"clinosim-{version}-{people}-people-seed-{seed}"
    if population.exists():
        return population
    population.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=population.parent) as staging:
        await _run_clinosim(people, seed, Path(staging), log)
        with suppress(OSError):  # another process was faster
            (Path(staging) / "fhir_r4").rename(population)
    return population


def write_day(population: Path, target: Path, charts: int) -> int:
    """Write a day of at most `charts` encounters, with their reports and context, as ndjson files into `target`.

    Returns how many encounters it has. They are finished, have a note, and their patient is covered; about half are
    emergencies and inpatients where the population has as many.
    """
    notes = _read_notes(population)
    coverages = (found.content for found in _read(population, "Coverage"))
    covered = {_id_of(coverage["beneficiary"]) for coverage in coverages if coverage["status"] == "active"}
    noted = {_encounter_of(note) for note in notes}
    finished = (found for found in _read(population, "Encounter") if found.content["status"] == "finished")
    candidates = (found for found in finished if found.content["id"] in noted)
    chosen = _choose([found for found in candidates if _id_of(found.content["subject"]) in covered], charts)
    encounters = {found.content["id"] for found in chosen}
    patients = {_id_of(found.content["subject"]) for found in chosen}

    target.mkdir(parents=True, exist_ok=True)
    for name in WHOLE_TYPES:
        _write(target, name, (found.line for found in _read(population, name)))
    _write(target, "Patient", _lines(population, "Patient", lambda found: found["id"] in patients))
    _write(target, "Coverage", _lines(population, "Coverage", lambda found: _id_of(found["beneficiary"]) in patients))
    _write(target, "Condition", _lines(population, "Condition", lambda found: _id_of(found["subject"]) in patients))
    _write(target, "Encounter", (found.line for found in chosen))
    results = _lines(population, "DiagnosticReport", lambda found: _encounter_of(found) in encounters)
    texts = (json.dumps(note, ensure_ascii=False).encode() for note in notes if _encounter_of(note) in encounters)
    _write(target, "DiagnosticReport", chain(results, texts))
    return len(chosen)


def read_reasons(day: Path) -> dict[str, str]:
    """The ICD-10-CM code of the reason for each encounter of a day, by reference: what a coder reads in the chart."""
    reasons = {}
    for found in _read(day, "Encounter"):
        codings = (coding for reason in found.content.get("reasonCode", ()) for coding in reason.get("coding", ()))
        code = next((coding["code"] for coding in codings if coding.get("system") == ICD10CM), None)
        if code:
            reasons[f"Encounter/{found.content['id']}"] = code
    return reasons


async def _run_clinosim(people: int, seed: int, output: Path, log: Path) -> None:
    run = "import sys; from clinosim.simulator.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", run, "simulate", "--country", "US", "--population", str(people)]
    command += ["--seed", str(seed), "--start", FIRST_DAY, "--end", LAST_DAY, "--format", "fhir-r4"]
    child = await Child.start(ChildSpec(name="clinosim", command=[*command, "--output", str(output)], log=log))
    try:
        if await child.wait():
            raise child.failure("the hospital could not be simulated")
    finally:
        await child.stop()


def _choose(candidates: list[Written], charts: int) -> list[Written]:
    in_order = sorted(candidates, key=lambda found: (found.content["period"]["start"], found.content["id"]))
    rare = [found for found in in_order if found.content["class"]["code"] in RARE_CLASSES][: charts // 2]
    common = [found for found in in_order if found.content["class"]["code"] not in RARE_CLASSES]
    return rare + common[: charts - len(rare)]


def _read_notes(population: Path) -> list[JsonObject]:
    compositions = (found.content for found in _read(population, "Composition"))
    notes = [report_from_composition(composition) for composition in compositions if is_note(composition)]
    documents = (report_from_document(found.content) for found in _read(population, "DocumentReference"))
    return notes + [document for document in documents if document is not None]


def _read(population: Path, resource_type: str) -> Iterator[Written]:
    path = population / f"{resource_type}.ndjson"
    if path.exists():
        with path.open("rb") as lines:
            yield from (Written(line.rstrip(b"\r\n"), json.loads(line)) for line in lines)


def _lines(population: Path, resource_type: str, keep: Callable[[JsonObject], bool]) -> Iterator[bytes]:
    return (found.line for found in _read(population, resource_type) if keep(found.content))


def _write(target: Path, resource_type: str, lines: Iterable[bytes]) -> None:
    with (target / f"{resource_type}.ndjson").open("wb") as file:
        file.writelines(line + b"\n" for line in lines)


def _encounter_of(content: JsonObject) -> str | None:
    return _id_of(content["encounter"]) if "encounter" in content else None


def _id_of(reference: JsonObject) -> str:
    return str(reference["reference"]).rsplit("/", 1)[-1]
