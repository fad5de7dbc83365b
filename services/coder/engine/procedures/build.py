"""Builds ICD-10-PCS codes of what was read: character by character, held against the tables.

Place in the flow: second half of `suggest_inpatient_procedures`; pure. Invariants: a code is selected only when every
character is documented, settled by the procedure's name, or stands for "not further told"; where one is open, the codes
that remain are offered and the detail is named; with tables loaded, a code that they do not make is not proposed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from services.coder.engine.given import GivenFact
from services.coder.engine.model import Assertion, Chart, CodedFact, CodeSystem, Evidence, Suggestion
from services.coder.engine.procedure_tables import ProcedureTables
from services.coder.engine.procedures.reading import Place, Told
from services.coder.engine.procedures.vocabulary import ASKS, Choice, Operation, Vocabulary, load_pairs

CONFIDENCE, CONFIDENCE_WITH_GAP, CONFIDENCE_OFFER = 0.8, 0.65, 0.3
_MOST_OFFERED = 3
_DETAILS = {
    "3": ("body system", "approach", "substance", "qualifier"),
    "4": ("body system", "approach", "function", "qualifier"),
    "5": ("body system", "duration", "function", "qualifier"),
    "6": ("body system", "duration", "qualifier", "qualifier"),
    "B": ("body part", "contrast", "qualifier", "qualifier"),
}
_SURGICAL_DETAILS = ("body part", "approach", "device", "qualifier")
"""What characters 4 to 7 stand for, by section."""
_OPEN, _ENDOSCOPIC = "0", "4"
_DIAGNOSTIC, _NOTHING = "X", "Z"


@dataclass(frozen=True, slots=True)
class Character:
    """The values that a character may have; `detail` names what is missing where that is not settled."""

    values: tuple[str, ...]
    is_open: bool = False
    detail: str = ""
    places: tuple[Place, ...] = ()


def build_codes(
    chart: Chart, told: Sequence[Told], vocabulary: Vocabulary, tables: ProcedureTables | None
) -> list[Suggestion]:
    """The codes of one operation from all its mentions: one or several, or offers where a character is open."""
    operation = told[0].operation
    characters = _drop_diagnostic(operation, [_settle(axis, operation, told) for axis in range(len(operation.choices))])
    made = [operation.table + "".join(values) for values in product(*(each.values for each in characters))]
    codes = [code for code in made if tables is None or tables.has(code)]
    # Where the official table leaves one value, that is the value; of the body part only the words can tell.
    is_settled = len(codes) == 1 < len(made) and not characters[0].is_open
    is_open = any(each.is_open for each in characters) and not is_settled
    details = (each.detail for each in characters if each.detail and not (each.is_open and is_settled))
    missing = tuple(dict.fromkeys(details))
    why = _explain(operation, characters, chart, vocabulary)
    if is_open:
        why = f"{why} One of {len(codes)} codes that what is documented leaves open."
    line = Suggestion(
        system=CodeSystem.ICD10PCS,
        code="",
        display=operation.name,
        confidence=CONFIDENCE_OFFER if is_open else CONFIDENCE_WITH_GAP if missing else CONFIDENCE,
        selected=not is_open,
        assertion=Assertion.PRESENT,
        evidence=_cite(chart, told, characters),
        missing=missing,
        why=why,
        facts=tuple(dict.fromkeys(_name_fact(each.fact) for each in told if each.fact)),
    )
    return [line._replace(code=code) for code in (codes[:_MOST_OFFERED] if is_open else codes)]


def is_converted(told: Sequence[Told]) -> bool:
    """Whether the procedure began by endoscope and was finished open (B3.2d)."""
    return any("converted" in each.asides for each in told) and any(
        each.values == _OPEN for each in told[0].operation.choices[1]
    )


def _settle(axis: int, operation: Operation, told: Sequence[Told]) -> Character:
    cell = operation.choices[axis]
    found = {value: each for one in told for value, each in one.found[axis].items()}
    values = _settle_approach(found, told) if axis == 1 else list(found)
    if values == [ASKS]:
        left = tuple(value for each in cell for value in each.values if value != ASKS)
        return Character(left, is_open=True, detail=_name_detail(axis, operation), places=(found[ASKS],))
    if values and (axis != 1 or len(values) == 1):
        return Character(tuple(values), places=tuple(found[value] for value in values if value in found))
    implied = next((each for each in cell if each.implied and not each.key), None)
    if implied:
        return Character(tuple(implied.values))
    residual = next((each for each in cell if each.residual), None)
    if residual:
        return Character((residual.values,), detail=_name_detail(axis, operation))
    rest = values or [value for each in _keep_side(cell, axis, told) for value in each.values]
    return Character(tuple(dict.fromkeys(rest)), is_open=True, detail=_name_detail(axis, operation))


def _keep_side(cell: tuple[Choice, ...], axis: int, told: Sequence[Told]) -> tuple[Choice, ...]:
    """Of parts that are told by side and name those of the side that is told."""
    sides = {side for one in told for side in one.asides if side in ("right", "left")}
    if axis != 0 or len(sides) != 1:
        return cell
    prefix = f"{sides.pop()}_"
    return tuple(each for each in cell if each.key.startswith(prefix)) or cell


def _settle_approach(found: dict[str, Place], told: Sequence[Told]) -> list[str]:
    """Between open and endoscopic the asides decide: conversion and assistance are open, extension is not (B5.2)."""
    asides = frozenset[str]().union(*(each.asides for each in told))
    values = list(found)
    if is_converted(told):
        return [_OPEN]
    if {_OPEN, _ENDOSCOPIC} <= set(values):
        if "assistance" in asides:
            return [_OPEN]
        if "extended" in asides:
            return [_ENDOSCOPIC]
    return values


def _drop_diagnostic(operation: Operation, characters: list[Character]) -> list[Character]:
    """What leaves a drainage device is drainage, though its fluid is examined too (B3.4a, B6.1b)."""
    *before, device, qualifier = characters
    leaves_device = operation.table.startswith("0") and _NOTHING not in device.values
    can_be_none = any(each.values == _NOTHING for each in operation.choices[3])
    if leaves_device and can_be_none and _DIAGNOSTIC in qualifier.values:
        return [*before, device, Character((_NOTHING,))]
    return characters


def _name_detail(axis: int, operation: Operation) -> str:
    names = _load_gaps()
    told_by = (names[each.key] for each in operation.choices[axis] if each.key in names)
    return next(told_by, _list_details(operation)[axis])


def _list_details(operation: Operation) -> tuple[str, ...]:
    return _DETAILS.get(operation.table[0], _SURGICAL_DETAILS)


@cache
def _load_gaps() -> dict[str, str]:
    return load_pairs("gaps.tsv")


def _explain(operation: Operation, characters: Sequence[Character], chart: Chart, vocabulary: Vocabulary) -> str:
    """One sentence for the coder: the root operation and its source, then what told each character."""
    root = vocabulary.root_operations.get(operation.table[2], "") if operation.table[0] == "0" else ""
    begin = f"Table {operation.table}{', ' + root if root else ''} ({operation.source})."
    quoted = dict.fromkeys(
        f"{name}: {chart.documents[place.document].text[place.start : place.end]}"
        for name, each in zip(_list_details(operation), characters, strict=True)
        for place in each.places
        if place.document is not None and place.start < place.end
    )
    return f"{begin} {'; '.join(quoted)}." if quoted else begin


def _cite(chart: Chart, told: Sequence[Told], characters: Sequence[Character]) -> tuple[Evidence, ...]:
    """The words that name the procedure, then those that tell its characters."""
    places = [*(each.place for each in told), *(place for each in characters for place in each.places)]
    return tuple(
        Evidence.of(chart.documents[each.document], each.start, each.end)
        for each in dict.fromkeys(places)
        if each.document is not None and each.start < each.end
    )


def _name_fact(fact: GivenFact) -> CodedFact:
    system, code = next(iter(fact.codes), ("", ""))
    return CodedFact(fact.path, system, code, fact.title)
