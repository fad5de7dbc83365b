"""Is a service part of another one of the day? Family of edits, by the NCCI procedure-to-procedure pairs; pure.

Column 1 is paid and column 2 is bundled into it. Modifier indicator 0: never both; 1: both with a modifier that says
why; 9: the pair does not apply. Rows are chosen by the day of the service.
"""

from collections.abc import Callable, Iterator
from datetime import date

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit
from services.claims.edits.modifier_table import BYPASS
from services.claims.edits.view import Line

EITHER_COLUMN = date(2019, 7, 1)
_SOURCE = "CMS, National Correct Coding Initiative, procedure-to-procedure edits"


def _match_pairs(subject: ClaimUnderEdit, indicator: str) -> Iterator[tuple[Line, Line]]:
    yield from ((one, two) for one, two, found in subject.pairs if found == indicator)


def _find_never_together(subject: ClaimUnderEdit) -> Iterator[Hit]:
    yield from (Hit(two.path, f"with {one.path}") for one, two in _match_pairs(subject, "0"))


def _find_unmodified(is_bypassed: Callable[[Line, Line], bool]) -> Callable[[ClaimUnderEdit], Iterator[Hit]]:
    def find(subject: ClaimUnderEdit) -> Iterator[Hit]:
        matches = _match_pairs(subject, "1")
        yield from (Hit(two.path, f"with {one.path}") for one, two in matches if not is_bypassed(one, two))

    return find


def _on_column_two(_: Line, two: Line) -> bool:
    return not BYPASS.isdisjoint(two.modifiers)


def _on_either_column(one: Line, two: Line) -> bool:
    return not (BYPASS.isdisjoint(one.modifiers) and BYPASS.isdisjoint(two.modifiers))


BUNDLING = (
    Edit(
        "ncci-never-together",
        f"{_SOURCE}, modifier indicator 0",
        "The service is part of another one of the same day, and no modifier changes that.",
        "Remove the line.",
        _find_never_together,
        needs=frozenset({"several lines"}),
    ),
    Edit(
        "ncci-bundled",
        f"{_SOURCE}, modifier indicator 1; CMS Change Request 11168: on either column from 2019-07-01",
        "The service is part of another one of the same day.",
        "Remove the line, or add the modifier that says why it is apart, where the record does.",
        _find_unmodified(_on_either_column),
        effective_from=EITHER_COLUMN,
        needs=frozenset({"several lines"}),
    ),
    Edit(
        "ncci-bundled-before-2019-07",
        f"{_SOURCE}, modifier indicator 1; on column 2 before CMS Change Request 11168",
        "The service is part of another one of the same day.",
        "Remove the line, or add the modifier to it that says why it is apart, where the record does.",
        _find_unmodified(_on_column_two),
        effective_until=date(2019, 6, 30),
        needs=frozenset({"several lines"}),
    ),
)
