"""How fast the engine reads, against medspaCy's sections and ConText on the same notes in the same run.

    python bench/engine.py [--notes notes.jsonl] [--seconds 5] [--only engine] [--json]

Without `--notes` it reads synthetic notes of about 2 kB, with twice the mentions of a real clinic note. Times are
processor seconds of one core. `notes_per_second` is the engine as the image has it: compiled by
`deploy/compile_engine.py`, which is done here once for each state of the sources, in the user's cache folder;
`notes_per_second_plain` is the same engine without that. Where mypy or a C compiler is missing, both are the plain
engine's, and `build` says so. medspaCy comes with the extra `bench`; without it the ratio is null. The last line with
`--json` is one object.
"""

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

Result = dict[str, float | str | None]

ROOT = Path(__file__).resolve().parents[1]

NOTE_CHARACTERS = 2000
SENTENCES = (
    "CHIEF COMPLAINT\n\nRight knee pain.\n\nHISTORY OF PRESENT ILLNESS\n\n",
    "The patient is a 62-year-old woman with a past medical history of hypertension and type 2 diabetes mellitus. ",
    "She reports increasing pain in the right knee over the past two weeks, worse with stairs. ",
    "She denies fever, chills, chest pain, shortness of breath, nausea or vomiting. ",
    "Her mother had breast cancer and her father died of a myocardial infarction. ",
    "She takes metformin, lisinopril and atorvastatin, and was counselled on diet. ",
    "\n\nPHYSICAL EXAMINATION\n\nLungs are clear bilaterally. No murmurs. Mild effusion of the right knee. ",
    "\n\nASSESSMENT AND PLAN\n\n1. Osteoarthritis of the right knee.\n- Start meloxicam; physical therapy.\n\n",
    "2. Type 2 diabetes mellitus.\n- Continue metformin, repeat hemoglobin A1c in three months.\n\n",
    "3. Hypertension, well controlled.\n- Continue lisinopril. Possible white coat component was discussed.\n\n",
)


def make_note(characters: int) -> str:
    """A synthetic note of about that length."""
    text = "".join(SENTENCES)
    return (text * (characters // len(text) + 1))[:characters]


def measure(read: Callable[[str], object], notes: Sequence[str], seconds: float) -> float:
    """Notes of NOTE_CHARACTERS a processor second, after one pass to warm up."""
    for note in notes[:20]:
        read(note)
    characters, started = 0, time.process_time()
    while (spent := time.process_time() - started) < seconds or not characters:
        for note in notes:
            read(note)
            characters += len(note)
            if time.process_time() - started >= seconds:
                break
    return characters / NOTE_CHARACTERS / max(spent, time.process_time() - started)


def measure_engine(notes: Sequence[str], seconds: float) -> Result:
    """Which build it is, start, memory, speed, and how time grows with length."""
    started = time.process_time()
    from services.coder.engine import build_engine
    from services.coder.engine.model import Chart, Document
    from services.coder.engine.pipeline import name_build

    engine = build_engine()
    start_seconds = time.process_time() - started

    def read(text: str) -> object:
        return engine.suggest(Chart((Document("1", 1, text),)))

    speed = measure(read, notes, seconds)
    growth = {f"{kb}_kb_ms": round(_best_of(read, make_note(kb * 1000)) * 1000, 2) for kb in (1, 10, 100)}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "build": name_build(),
        "notes_per_second": round(speed),
        "start_seconds": round(start_seconds, 2),
        "rss_mb": round(memory),
        **growth,
    }


def _best_of(read: Callable[[str], object], text: str, times: int = 5) -> float:
    spent = []
    for _ in range(times):
        started = time.process_time()
        read(text)
        spent.append(time.process_time() - started)
    return min(spent)


def measure_medspacy(notes: Sequence[str], seconds: float) -> Result:
    """medspaCy's target matcher, ConText and sectionizer over the same notes; empty when it is not installed."""
    if importlib.util.find_spec("medspacy") is None:
        return {}
    import medspacy
    from medspacy.ner import TargetRule

    nlp = medspacy.load(enable=["medspacy_pyrush", "medspacy_target_matcher", "medspacy_context"])
    nlp.add_pipe("medspacy_sectionizer")
    names = ["hypertension", "type 2 diabetes mellitus", "knee pain", "osteoarthritis", "fever", "chest pain", "nausea"]
    nlp.get_pipe("medspacy_target_matcher").add([TargetRule(name, "CONDITION") for name in names])
    return {"medspacy_notes_per_second": round(measure(nlp, notes, seconds), 1)}


def load_notes(path: Path | None) -> list[str]:
    """The texts of a file of JSON lines, or synthetic notes."""
    if path is None:
        return [make_note(NOTE_CHARACTERS)] * 50
    return [json.loads(line)["text"] for line in path.read_text().splitlines()]


def main() -> None:
    """Measure each in its own process, so that memory and start are its own, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=["engine", "medspacy"])
    parser.add_argument("--here", choices=["engine", "medspacy"], help="measure in this process; what the others call")
    options = parser.parse_args()
    if options.here:
        measured = measure_engine if options.here == "engine" else measure_medspacy
        print(json.dumps(measured(load_notes(options.notes), options.seconds)))
        return
    result = compare_builds(options) if options.only != "medspacy" else {}
    if options.only != "engine":
        result |= {"medspacy_notes_per_second": None} | _run("medspacy", options, ROOT)
    ours, theirs = result.get("notes_per_second"), result.get("medspacy_notes_per_second")
    result["ratio_medspacy"] = (
        round(ours / theirs, 1) if isinstance(ours, int | float) and isinstance(theirs, int | float) else None
    )
    for name, value in result.items():
        print(f"{name:28s} {value}")
    if options.json:
        print(json.dumps(result))


def compare_builds(options: argparse.Namespace) -> Result:
    """The engine as the image has it, and the speed of the plain one beside it."""
    plain = _run("engine", options, ROOT)
    folder = compile_engine()
    deployed = _run("engine", options, folder) if folder else plain
    return deployed | {"notes_per_second_plain": plain["notes_per_second"]}


def compile_engine() -> Path | None:
    """The folder with the compiled engine of these sources, None where it cannot be compiled."""
    command = [sys.executable, str(ROOT / "deploy" / "compile_engine.py")]
    compiled = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    return Path(compiled.stdout.splitlines()[-1]) if compiled.returncode == 0 else None


def _run(measured: str, options: argparse.Namespace, folder: Path) -> Result:
    """What a process of its own measures, with the packages of `folder`."""
    command = [sys.executable, __file__, "--here", measured, "--seconds", str(options.seconds)]
    command += ["--notes", str(options.notes)] if options.notes else []
    environment = os.environ | {"PYTHONPATH": str(folder)}
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
    result: Result = json.loads(output.splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
