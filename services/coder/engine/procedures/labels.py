"""Finds operations that are told by root operation and body part alone, such as "excision of the left femoral artery".

Place in the flow: `reading` asks where a sentence names no operation of `operations.tsv`, and only with official tables
loaded, since their labels name the body parts; pure. Invariants: every word of a label stands near the root operation,
the label with the most words counts, and where several match alike nothing is read.
"""

from collections.abc import Iterator
from functools import cache

from services.coder.engine.procedure_tables import Label, ProcedureTables, TableRow
from services.coder.engine.procedures.phrases import Match, Phrases, split_words
from services.coder.engine.procedures.vocabulary import APPROACHES, Choice, Operation, load_pairs, load_vocabulary

_NEAR = 80
_DEVICES = {"0": "tube", "J": "mesh", "K": "biomesh", "Z": "nodrain"}
"""The words (words.tsv) that tell a device of any body part."""
_UNTOLD = "untold"
"""The key of values for which no words are known: they are offered, and never told."""
_DIAGNOSTIC, _NONE = "X", "Z"
_SOURCE = "A11, B3: root operation and body part as documented"


def find_labelled(text: str, start: int, end: int, tables: ProcedureTables) -> Iterator[tuple[Match, Operation]]:
    """The operations that a sentence tells in the words of the tables."""
    for found in _load_root_words().find(split_words(text, start, end)):
        words = {word.text for word in split_words(text, max(start, found.start - _NEAR), min(end, found.end + _NEAR))}
        label = _choose_label(tables.labels.get(found.key, ()), words)
        operation = _make_operation(label, tables) if label else None
        if operation:
            yield Match(operation.number, found.start, found.end), operation


def _choose_label(labels: tuple[Label, ...], words: set[str]) -> Label | None:
    fitting = [each for each in labels if words.issuperset(each.words)]
    most = max((len(each.words) for each in fitting), default=0)
    longest = [each for each in fitting if len(each.words) == most]
    return longest[0] if len(longest) == 1 else None


def _make_operation(label: Label, tables: ProcedureTables) -> Operation | None:
    """An operation whose choices are what the table's rows allow; None where its qualifier cannot be told."""
    bodies = {value for _, value in label.values}
    rows = [row for row in tables.rows[label.table] if bodies & set(row.bodies)]
    qualifiers = _choose_qualifiers(rows)
    if not qualifiers:
        return None
    body = tuple(Choice(value, side, implied=not side) for side, value in label.values)
    choices = (body, _choose_approaches(rows), _choose_devices(rows), qualifiers)
    root = load_vocabulary().root_operations[label.table[2]].lower()
    name = " ".join(label.words)
    return Operation(f"{label.table} {name}", f"{root}, {name}", label.table, choices, _SOURCE)


def _choose_approaches(rows: list[TableRow]) -> tuple[Choice, ...]:
    allowed = _list_allowed(row.approaches for row in rows)
    if len(allowed) == 1:
        return (Choice(allowed[0], implied=True),)
    return tuple(Choice(each, APPROACHES.get(each, _UNTOLD)) for each in allowed)


def _choose_devices(rows: list[TableRow]) -> tuple[Choice, ...]:
    allowed = _list_allowed(row.devices for row in rows)
    if len(allowed) == 1:
        return (Choice(allowed[0], implied=True),)
    return tuple(Choice(each, _DEVICES.get(each, _UNTOLD)) for each in allowed)


def _choose_qualifiers(rows: list[TableRow]) -> tuple[Choice, ...]:
    allowed = _list_allowed(row.qualifiers for row in rows)
    none = (Choice(_NONE, implied=True),) if _NONE in allowed else ()
    return (Choice(_DIAGNOSTIC, "diagnostic"), *none) if _DIAGNOSTIC in allowed else none


def _list_allowed(values: Iterator[str]) -> list[str]:
    return sorted({each for of_row in values for each in of_row})


@cache
def _load_root_words() -> Phrases:
    return Phrases({character: phrases.split("|") for character, phrases in load_pairs("root_words.tsv").items()})
