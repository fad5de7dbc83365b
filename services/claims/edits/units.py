"""Are there more units than one patient has on one day? Family of edits, by medically unlikely edits (MUE); pure.

Adjudication indicator 1 counts by line; 2 by day, absolute, since it follows from law or anatomy; 3 by day, and can be
appealed, so what the record supports may go out with a reason.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit
from services.claims.edits.view import Line

_SOURCE = "CMS, National Correct Coding Initiative, medically unlikely edits"


def _find_by_line(subject: ClaimUnderEdit) -> Iterator[Hit]:
    for line, limit in subject.limited_lines:
        if limit.indicator == "1" and line.units > limit.units:
            yield Hit(f"{line.path}.quantity")


def _find_by_day(indicator: str) -> Callable[[ClaimUnderEdit], Iterator[Hit]]:
    def find(subject: ClaimUnderEdit) -> Iterator[Hit]:
        by_day: dict[tuple[str, date | None], list[Line]] = defaultdict(list)
        most: dict[tuple[str, date | None], Decimal] = {}
        for line, limit in subject.limited_lines:
            if limit.indicator == indicator:
                by_day[line.code, line.day].append(line)
                most[line.code, line.day] = limit.units
        for (code, day), lines in by_day.items():
            if sum(line.units for line in lines) + _count_billed(subject, code, day) > most[code, day]:
                yield Hit(f"{lines[-1].path}.quantity")

    return find


def _count_billed(subject: ClaimUnderEdit, code: str, day: date | None) -> Decimal:
    """The units of the day on other claims for the patient."""
    billed = subject.context.already_billed
    return sum((service.units for service in billed if (service.code, service.day) == (code, day)), Decimal(0))


UNITS = (
    Edit(
        "mue-line",
        f"{_SOURCE}, adjudication indicator 1",
        "The line has more units than the payer takes on one line.",
        "Correct the units; where the record has more, bill them on further lines with the modifier that says why.",
        _find_by_line,
    ),
    Edit(
        "mue-day",
        f"{_SOURCE}, adjudication indicator 2",
        "The units of the day are more than law or anatomy allow.",
        "Correct the units.",
        _find_by_day("2"),
    ),
    Edit(
        "mue-day-appealable",
        f"{_SOURCE}, adjudication indicator 3",
        "The units of the day are more than the payer pays without review.",
        "Correct the units, or override with what the record says of the need.",
        _find_by_day("3"),
        severity="warning",
    ),
)
