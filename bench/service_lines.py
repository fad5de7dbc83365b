"""What the services of a note cost beside its diagnoses, and how often examination titles come out as coders had them.

    python -m bench.service_lines [--notes notes.jsonl] [--titles titles.jsonl] [--seconds 5] [--json]

Without `--notes` it reads the synthetic notes of `bench/engine.py`, each as a clinic visit and as a day of a stay; a
file has one object with `text` a line. Times are processor milliseconds of one core; `services_to_diagnoses` is the
ratio that it is about. With `--titles` (objects with `text` and `codes`, each a `code` with `n_notes`) it counts
titles: unambiguous ones have one code in all their notes, `several_notes` are those of more than one note with one code
in more than half of them. Right is a title of which a number is that code; `wrong` lists the others. The last line
with `--json` is one object.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.engine import load_notes
from services.coder.engine import build_engine
from services.coder.engine.model import Chart, Document, Setting
from services.coder.engine.procedures import suggest_inpatient_procedures
from services.coder.engine.services import suggest_services
from services.coder.engine.services.imaging import find_services

Result = dict[str, float | str | list[str]]


class Title(NamedTuple):
    """An examination title, the code that most of its notes have, in how many of how many, and how many codes."""

    text: str
    code: str
    agreeing: int
    notes: int
    codes: int


def measure_stage(texts: Sequence[str], seconds: float) -> Result:
    """Milliseconds a note of each stage, interleaved, so that a busy machine slows all of them alike."""
    engine = build_engine()
    visits = [Chart((Document("1", 1, text, "Note"),), encounter_class="AMB") for text in texts]
    stays = [
        Chart((Document("1", 1, text, "Progress note"),), Setting.INPATIENT, encounter_class="IMP") for text in texts
    ]
    diagnosed = [engine.suggest(chart).suggestions for chart in visits]
    stages: dict[str, Callable[[int], object]] = {
        "diagnoses_ms_per_note": lambda n: engine.suggest(visits[n]),
        "services_ms_per_note": lambda n: suggest_services(visits[n], diagnosed[n]),
        "stay_procedures_ms_per_note": lambda n: suggest_inpatient_procedures(stays[n], engine.assess),
    }
    spent, read = dict.fromkeys(stages, 0.0), 0
    while sum(spent.values()) < seconds or read < len(texts):
        for name, stage in stages.items():
            started = time.process_time()
            stage(read % len(texts))
            spent[name] += time.process_time() - started
        read += 1
    result: Result = {name: round(each / read * 1000, 2) for name, each in spent.items()}
    result["services_to_diagnoses"] = round(spent["services_ms_per_note"] / spent["diagnoses_ms_per_note"], 2)
    return result


def read_titles(path: Path) -> Iterator[Title]:
    """The titles of a file of JSON lines."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        best = max(row["codes"], key=lambda code: int(code["n_notes"]))
        yield Title(row["text"], best["code"], int(best["n_notes"]), int(row["n_notes"]), len(row["codes"]))


def is_right(title: Title) -> bool:
    """Whether a number of the title is the code that most of its notes have."""
    return title.code in [service.code for service in find_services(title.text)]


def count_titles(titles: Sequence[Title]) -> Result:
    """How many titles come out right, counted by titles and by notes; a group without titles has a share of 0."""
    unambiguous = [title for title in titles if title.codes == 1]
    several = [title for title in titles if title.notes > 1 and title.agreeing * 2 > title.notes]
    result: Result = {}
    for name, group in (("unambiguous", unambiguous), ("several_notes", several)):
        right = [title for title in group if is_right(title)]
        result[f"titles_{name}"] = f"{len(right)}/{len(group)}"
        result[f"titles_{name}_share"] = round(len(right) / len(group), 3) if group else 0.0
        agreeing = sum(title.agreeing for title in group)
        result[f"notes_{name}_share"] = round(sum(t.agreeing for t in right) / agreeing, 3) if agreeing else 0.0
    result["wrong"] = [f"{t.text} ({t.code} in {t.agreeing} of {t.notes})" for t in unambiguous if not is_right(t)]
    return result


def main() -> None:
    """Measure, count, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=Path)
    parser.add_argument("--titles", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = measure_stage(load_notes(options.notes), options.seconds)
    if options.titles:
        result |= count_titles(list(read_titles(options.titles)))
    for name, value in result.items():
        print(f"{name:30s} {value}")
    if options.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
