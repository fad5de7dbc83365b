"""The engine at the command line: `suggest`, `assert` and `evaluate` over JSON lines.

Place in the flow: thin; reads rows, calls the engine, writes rows. Invariant: one output row for each input row, in
order, and `text[start:end]` equals the text of every piece of evidence.
"""

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from services.coder.engine import build_engine
from services.coder.engine.evaluation import Evaluation, GoldCode, Note, Proposed, evaluate, strip_code
from services.coder.engine.model import Chart, Document, Engine, Setting, Suggestion
from shared.codesets.icd10cm import dot_code, load_icd10cm

app = typer.Typer(no_args_is_help=True)

Input = Annotated[Path, typer.Option("--input", help="JSON lines to read.", exists=True, dir_okay=False)]
Output = Annotated[Path, typer.Option("--output", help="JSON lines to write.", dir_okay=False)]
Exhaustive = Annotated[bool, typer.Option("--exhaustive", help="Select every codable condition, not the encounter's.")]
IndexFolder = Annotated[
    Path | None, typer.Option("--index", help="Folder with the official index files.", exists=True, file_okay=False)
]
DefaultSetting = Annotated[Setting, typer.Option("--setting", help="The setting of rows that name none.")]


RowT = TypeVar("RowT", bound=BaseModel)


class NoteRow(BaseModel):
    """An input row of `suggest`: a note, with the setting and date of service when they are known."""

    model_config = ConfigDict(extra="ignore")
    id: str
    text: str
    setting: Setting | None = None
    date: dt.date | None = None


class SpanRow(BaseModel):
    """An input row of `assert`: a text and one span of character offsets; without a span all of the text."""

    model_config = ConfigDict(extra="ignore")
    id: str
    text: str
    span: tuple[int, int] | None = None

    @property
    def bounds(self) -> tuple[int, int]:
        """The span, or that of the whole text."""
        return self.span or (0, len(self.text))


class GoldRowCode(BaseModel):
    """A code of a gold row."""

    model_config = ConfigDict(extra="ignore")
    system: str
    code: str
    acceptable_prefixes: tuple[str, ...] = ()


class GoldRow(NoteRow):
    """An input row of `evaluate`: a note and its wanted codes."""

    codes: tuple[GoldRowCode, ...]


@app.command()
def suggest(
    input_path: Input,
    output_path: Output,
    exhaustive: Exhaustive = False,
    setting: DefaultSetting = Setting.OUTPATIENT,
    index: IndexFolder = None,
) -> None:
    """Suggest diagnosis codes for notes, each with the words that justify it."""
    engine = build_engine(index)
    with output_path.open("wb") as output:
        for row in read_rows(input_path, NoteRow):
            found = suggest_for(engine, row, setting, exhaustive=exhaustive)
            output.write(orjson.dumps({"id": row.id, "codes": [to_row(s, row.text) for s in found]}) + b"\n")


@app.command(name="assert")
def assert_spans(input_path: Input, output_path: Output) -> None:
    """Tell whether the condition at each span is present, absent, historical, hypothetical, family or uncertain."""
    engine = build_engine()
    with output_path.open("wb") as output:
        for row in read_rows(input_path, SpanRow):
            assertion = engine.assess(row.text, [row.bounds])[0]
            output.write(orjson.dumps({"id": row.id, "assertion": assertion}) + b"\n")


@app.command(name="evaluate")
def evaluate_gold(
    gold: Annotated[Path, typer.Option("--gold", help="JSON lines with text and wanted codes.", exists=True)],
    exhaustive: Exhaustive = False,
    setting: DefaultSetting = Setting.OUTPATIENT,
    worst: Annotated[int, typer.Option("--worst", help="How many misses and false alarms to list.")] = 15,
    index: IndexFolder = None,
) -> None:
    """Measure precision, recall and F1 against a gold, calibration, chapters, speed, and the commonest errors."""
    engine = build_engine(index)
    rows = list(read_rows(gold, GoldRow))
    started = time.perf_counter()
    found = [suggest_for(engine, row, setting, exhaustive=exhaustive) for row in rows]
    seconds = time.perf_counter() - started
    notes = [to_note(row, suggestions) for row, suggestions in zip(rows, found, strict=True)]
    for line in describe_evaluation(evaluate(notes, load_icd10cm()), worst):
        typer.echo(line)
    typer.echo(f"{len(rows)} notes, {len(rows) / max(seconds, 1e-9):.0f} notes a second")


def read_rows(path: Path, kind: type[RowT]) -> Iterator[RowT]:
    """The rows of a file; a line that is none is named on standard error, passed over, and makes the command fail."""
    refused = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield kind.model_validate_json(line)
                except ValidationError as error:
                    refused += 1
                    first = error.errors(include_input=False, include_url=False)[0]
                    place = ".".join(str(part) for part in first["loc"]) or "the line"
                    typer.echo(f"line {number}: {first['type']} at {place}", err=True)
    if refused:
        typer.echo(f"{refused} lines were passed over; a row is one JSON object with {_required(kind)}", err=True)
        raise typer.Exit(code=1)


def _required(kind: type[BaseModel]) -> str:
    return ", ".join(name for name, field in kind.model_fields.items() if field.is_required())


def suggest_for(engine: Engine, row: NoteRow, setting: Setting, *, exhaustive: bool) -> tuple[Suggestion, ...]:
    """The engine's suggestions for one row, as a chart of one document."""
    chart = Chart((Document(row.id, 1, row.text),), row.setting or setting, row.date)
    return engine.suggest(chart, exhaustive=exhaustive).suggestions


def to_row(suggestion: Suggestion, text: str) -> dict[str, object]:
    """One code of an output row."""
    return {
        "system": suggestion.system,
        "code": suggestion.code,
        "display": suggestion.display,
        "confidence": suggestion.confidence,
        "selected": suggestion.selected,
        "assertion": suggestion.assertion,
        "evidence": [{"start": e.start, "end": e.end, "text": text[e.start : e.end]} for e in suggestion.evidence],
        "missing": suggestion.missing,
        "why": suggestion.why,
    }


def to_note(row: GoldRow, suggestions: tuple[Suggestion, ...]) -> Note:
    """A gold row and its suggestions, as the evaluation compares them."""
    gold = tuple(
        GoldCode(strip_code(code.code), tuple(strip_code(prefix) for prefix in code.acceptable_prefixes))
        for code in row.codes
        if code.system == "icd10cm"
    )
    proposed = tuple(
        Proposed(strip_code(s.code), s.confidence, s.selected, row.text[s.evidence[0].start : s.evidence[0].end])
        for s in suggestions
    )
    return Note(row.id, gold, proposed)


def describe_evaluation(result: Evaluation, worst: int) -> Iterator[str]:
    """The evaluation as lines of text."""
    for name, score in result.cuts.items():
        yield f"{name:10s} P {score.precision:.3f} R {score.recall:.3f} F1 {score.f1:.3f}"
    yield f"{result.codes_per_note:.1f} codes a note, calibration error {result.calibration_error:.3f}"
    for chapter, score in result.chapters.items():
        counts = f"right {score.right:5d} false {score.false:5d} missed {score.missed:5d}"
        yield f"chapter {chapter:>2s}  {counts}  P {score.precision:.2f} R {score.recall:.2f}"
    titles = load_icd10cm()
    for code, count, words in result.false_alarms[:worst]:
        yield f"false alarm {count:4d} {code:8s} {' '.join(words.split())!r}"
    for code, count in result.misses[:worst]:
        yield f"missed      {count:4d} {code:8s} {titles.title(dot_code(code)) if dot_code(code) in titles else ''}"
