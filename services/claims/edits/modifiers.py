"""Do a line's modifiers go together, and with its service? Family of edits; pure."""

import re
from collections.abc import Iterator

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit
from services.claims.edits.modifier_table import CONTRADICTORY, VISIT_ONLY, is_visit
from services.claims.edits.view import Line

_FORM = re.compile(r"[A-Z0-9]{2}")
_MOST = 4


def _modified(subject: ClaimUnderEdit) -> Iterator[Line]:
    return (line for line in subject.view.lines if line.modifiers)


def _find_malformed(subject: ClaimUnderEdit) -> Iterator[Hit]:
    for line in _modified(subject):
        for position, modifier in enumerate(line.modifiers):
            if not _FORM.fullmatch(modifier):
                yield Hit(f"{line.path}.modifier[{position}]")


def _find_repeated(subject: ClaimUnderEdit) -> Iterator[Hit]:
    yield from (Hit(f"{line.path}.modifier") for line in _modified(subject) if _repeats(line))


def _repeats(line: Line) -> bool:
    return len(set(line.modifiers)) != len(line.modifiers)


def _find_contradictory(subject: ClaimUnderEdit) -> Iterator[Hit]:
    for line in _modified(subject):
        if any(pair <= set(line.modifiers) for pair in CONTRADICTORY):
            yield Hit(f"{line.path}.modifier")


def _find_visit_only(subject: ClaimUnderEdit) -> Iterator[Hit]:
    for line in _modified(subject):
        if not VISIT_ONLY.isdisjoint(line.modifiers) and line.number > 0 and not is_visit(line.number):
            yield Hit(f"{line.path}.modifier")


def _find_bilateral_units(subject: ClaimUnderEdit) -> Iterator[Hit]:
    yield from (
        Hit(f"{line.path}.quantity") for line in _modified(subject) if "50" in line.modifiers and line.units > 1
    )


def _find_too_many(subject: ClaimUnderEdit) -> Iterator[Hit]:
    yield from (Hit(f"{line.path}.modifier") for line in _modified(subject) if len(line.modifiers) > _MOST)


MODIFIERS = (
    Edit(
        "modifier-form",
        "X12 837, SV101-3 to SV101-6: two characters each",
        "A modifier is not two letters or digits.",
        "Enter the modifier as it is listed.",
        _find_malformed,
        needs=frozenset({"modifiers"}),
    ),
    Edit(
        "modifier-repeated",
        "NUCC 1500 Claim Form Instruction Manual, item 24D",
        "A line has the same modifier twice.",
        "Keep it once.",
        _find_repeated,
        needs=frozenset({"modifiers"}),
    ),
    Edit(
        "modifier-contradiction",
        "Medicare Claims Processing Manual, chapter 12; HCPCS Level II",
        "Two modifiers of a line exclude each other.",
        "Keep the one that the documentation supports, or bill two lines.",
        _find_contradictory,
        needs=frozenset({"modifiers"}),
    ),
    Edit(
        "modifier-visit-only",
        "NCCI Policy Manual for Medicare Services, chapter 1, E: modifiers 24, 25 and 57",
        "The modifier belongs on a visit, and the service of the line is none.",
        "Move the modifier to the line of the visit, or choose another one.",
        _find_visit_only,
        needs=frozenset({"modifiers"}),
    ),
    Edit(
        "bilateral-units",
        "Medicare Claims Processing Manual, chapter 12, section 40.7",
        "A bilateral procedure is billed with more than one unit.",
        "Bill one unit with modifier 50.",
        _find_bilateral_units,
        needs=frozenset({"modifiers"}),
    ),
    Edit(
        "modifiers-too-many",
        "NUCC 1500 Claim Form Instruction Manual, item 24D; X12 837 carries 4",
        "A line has more than four modifiers.",
        "Keep the four that decide payment; use modifier 99 where the payer takes it.",
        _find_too_many,
        needs=frozenset({"modifiers"}),
    ),
)
