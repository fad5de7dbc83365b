"""Was a service billed before, on this claim or an earlier one? Family of edits; pure."""

from collections.abc import Iterator
from datetime import date

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit
from services.claims.edits.modifier_table import DISTINCT
from services.claims.edits.view import Line

_CARC = "X12 claim adjustment reason code 18: exact duplicate claim or service"


def _identity(line: Line) -> tuple[str, frozenset[str], date | None]:
    return line.code, frozenset(line.modifiers), line.day


def _can_repeat(line: Line) -> bool:
    return not line.code or not DISTINCT.isdisjoint(line.modifiers)


def _find_repeated_line(subject: ClaimUnderEdit) -> Iterator[Hit]:
    seen: set[tuple[str, frozenset[str], date | None]] = set()
    for line in subject.view.lines:
        if not _can_repeat(line) and _identity(line) in seen:
            yield Hit(line.path)
        seen.add(_identity(line))


def _find_already_billed(subject: ClaimUnderEdit) -> Iterator[Hit]:
    if subject.view.is_replacement:
        return
    billed = {(service.code, frozenset(service.modifiers), service.day) for service in subject.context.already_billed}
    if billed:
        yield from (
            Hit(line.path) for line in subject.view.lines if _identity(line) in billed and not _can_repeat(line)
        )


REPETITION = (
    Edit(
        "duplicate-line",
        _CARC,
        "The same service stands on the claim twice for one day.",
        "Bill it once with its units, or add the modifier that says why it was repeated.",
        _find_repeated_line,
        needs=frozenset({"several lines"}),
    ),
    Edit(
        "already-billed",
        _CARC,
        "An earlier claim for the patient has billed the same service of the day.",
        "Remove the line, replace the earlier claim, or add the modifier that says why it was repeated.",
        _find_already_billed,
        needs=frozenset({"other claims"}),
    ),
)
