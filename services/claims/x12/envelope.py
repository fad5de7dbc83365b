"""The envelopes around a transaction: ISA, GS and ST with their control numbers; pure.

Place in the flow: `write_claim` puts the claim inside; the readers take answers out with `read_interchanges`.
Invariants: one claim is one interchange, so one control number names all three levels and is never used again; counts
and control numbers of what is read are checked before anything of it is believed.
Source: ASC X12.5 and X12.6, 005010; TR3 appendix C.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.claims.x12.segments import Segment, find_delimiters, print_segments, read_segments
from shared.contracts.errors import InvalidContent

MOST_CONTROL_NUMBERS = 999_999_999
"""ISA13 has nine digits."""
_Numbered = tuple[int, Segment]


@dataclass(frozen=True, slots=True)
class Kind:
    """What is inside an envelope: functional group (GS01), transaction set (ST01) and implementation guide (GS08).

    The transaction repeats its guide (ST03), but for the 835, whose guide forbids it.
    """

    group: str
    transaction: str
    version: str
    repeats_version: bool = True


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction set between ST and SE. `group` is GS06, `control` ST02, `place` the number of its ST segment."""

    kind: str
    version: str
    group: str
    control: str
    place: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Interchange:
    """What one ISA/IEA pair carries. `acknowledgments` are its TA1 segments."""

    control: str
    transactions: tuple[Transaction, ...]
    acknowledgments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """From whom to whom an interchange goes, each by qualifier and identifier; `usage` is P or T."""

    sender: tuple[str, str]
    receiver: tuple[str, str]
    usage: str = "P"


def wrap_transaction(body: Sequence[Segment], route: Route, kind: Kind, control: int, moment: datetime) -> str:
    """Print one transaction with its envelopes. `control` is 1 to 999999999."""
    group = str(control)
    number = f"{control:09d}"
    day, clock = moment.strftime("%Y%m%d"), moment.strftime("%H%M")
    isa = (
        "00", " " * 10, "00", " " * 10,
        route.sender[0], f"{route.sender[1]:<15}", route.receiver[0], f"{route.receiver[1]:<15}",
        day[2:], clock, "^", "00501", number, "0", route.usage, ":",
    )  # fmt: skip
    functional = (kind.group, route.sender[1], route.receiver[1], day, clock, group, "X", kind.version)
    inside = [
        Segment.of("GS", *functional),
        Segment.of("ST", kind.transaction, number, kind.version if kind.repeats_version else ""),
        *body,
        Segment.of("SE", str(len(body) + 2), number),
        Segment.of("GE", "1", group),
        Segment.of("IEA", "1", number),
    ]
    # ISA declares the delimiters, so they are values in it: the one segment that is printed as it is.
    return f"{'*'.join(('ISA', *isa))}~\n{print_segments(inside)}"


def read_interchanges(text: str) -> Iterator[Interchange]:
    """Read every interchange of a file; raises InvalidContent naming the segment, counted from 1, that is wrong."""
    delimiters = find_delimiters(text)
    if not text.rstrip().endswith(delimiters.segment):
        raise InvalidContent("the file ends in the middle of a segment", expression="IEA")
    segments = list(enumerate(read_segments(text, delimiters), 1))
    for interchange in _split_after(segments, "IEA"):
        yield _read_interchange(interchange)


def _read_interchange(segments: Sequence[_Numbered]) -> Interchange:
    (place, isa), (end_place, iea) = segments[0], segments[-1]
    _demand(isa.name == "ISA", place, "an interchange begins with ISA")
    _demand(isa.text(13) == iea.text(2), end_place, "IEA02 is not the control number of its ISA")
    notes = [segment for _, segment in segments[1:-1] if segment.name == "TA1"]
    inside = [pair for pair in segments[1:-1] if pair[1].name != "TA1"]
    groups = [_read_group(group) for group in _split_after(inside, "GE")]
    counts = (str(len(groups)), str(len(groups) + len(notes)))
    _demand(iea.text(1) in counts, end_place, "IEA01 does not count the groups")
    return Interchange(isa.text(13), tuple(each for group in groups for each in group), tuple(notes))


def _read_group(segments: Sequence[_Numbered]) -> list[Transaction]:
    (place, head), (end_place, tail) = segments[0], segments[-1]
    _demand(head.name == "GS", place, "a group begins with GS")
    _demand(head.text(6) == tail.text(2), end_place, "GE02 is not the control number of its GS")
    transactions = [_read_transaction(each, head) for each in _split_after(segments[1:-1], "SE")]
    _demand(tail.text(1) == str(len(transactions)), end_place, "GE01 does not count the transactions")
    return transactions


def _read_transaction(segments: Sequence[_Numbered], group: Segment) -> Transaction:
    (place, start), (end_place, end) = segments[0], segments[-1]
    _demand(start.name == "ST", place, "a transaction begins with ST")
    _demand(start.text(2) == end.text(2), end_place, "SE02 is not the control number of its ST")
    _demand(end.text(1) == str(len(segments)), end_place, "SE01 does not count the segments")
    body = tuple(segment for _, segment in segments[1:-1])
    return Transaction(start.text(1), start.text(3) or group.text(8), group.text(6), start.text(2), place, body)


def _split_after(segments: Sequence[_Numbered], name: str) -> Iterator[Sequence[_Numbered]]:
    """Yield the parts that end with a segment of the name; raises InvalidContent when more comes after the last."""
    start = 0
    for position, (_, segment) in enumerate(segments):
        if segment.name == name:
            yield segments[start : position + 1]
            start = position + 1
    if start < len(segments):
        raise InvalidContent(f"there is no {name} after this segment", expression=f"segment {segments[start][0]}")


def _demand(holds: bool, place: int, message: str) -> None:
    if not holds:
        raise InvalidContent(message, expression=f"segment {place}")
