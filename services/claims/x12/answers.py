"""What an X12 file says about claims, before it is known which claims these are; pure.

Place in the flow: the readers of 999, 277CA and 835 make `ClaimAnswer`s, `service.files` finds the claim of each by its
names, and `settle` makes the `Answer` that every channel makes.
Invariant: an adjustment is put on a line only where the payer named the line, or no other line can be meant.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from services.claims.claim import State
from services.claims.matching import ClaimNames
from services.claims.responses import Adjustment, Answer, keep_codes, settle_payment
from services.claims.x12.segments import Segment, print_segments
from services.claims.x12.source import Source
from shared.contracts.errors import InvalidContent
from shared.fhir import systems

_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """What a payer decided about a line. `control` is REF*6R, `code` the service, `day` CCYYMMDD."""

    control: str
    code: str
    day: str
    adjustments: tuple[Adjustment, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimAnswer:
    """What a file says about one claim. `unusable` is a reason code where it contradicts itself."""

    names: ClaimNames
    state: State
    codes: tuple[str, ...]
    segments: tuple[Segment, ...]
    adjustments: tuple[Adjustment, ...] = ()
    lines: tuple[LineAnswer, ...] = ()
    paid: Decimal | None = None
    unusable: str = ""
    is_reversal: bool = False
    """An 835 takes back what it decided before."""

    @property
    def body(self) -> bytes:
        """The segments that are about the claim, in our own delimiters."""
        return "".join(_print(segment) for segment in self.segments).encode()


@dataclass(frozen=True, slots=True)
class ProviderAdjustment:
    """What an 835 pays or takes back beside all claims (PLB): a reason code, a reference, an amount in dollars."""

    reason: str
    reference: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line as it was billed."""

    sequence: int
    code: str
    day: str


def read_billed_lines(bundle: bytes) -> list[BilledLine]:
    """The lines of a claim from its Bundle."""
    lines: list[BilledLine] = []
    for item in Source(bundle).claim.each("item"):
        day = (item.text("servicedDate") or item.get("servicedPeriod").text("start"))[:10].replace("-", "")
        code = item.get("productOrService").code(systems.CPT, systems.HCPCS)
        lines.append(BilledLine(int(item.decimal("sequence") or 0), code, day))
    return lines


def settle(answer: ClaimAnswer, request: str, billed: Sequence[BilledLine]) -> Answer:
    """Return the answer about a known claim. `request` is its identifier, `billed` what was billed."""
    adjustments = list(answer.adjustments)
    for line in answer.lines:
        sequence = find_line(line, billed)
        adjustments += [replace(each, line=sequence) for each in line.adjustments]
    body = answer.body
    return Answer(
        state=settle_payment(answer.state, answer.paid),
        codes=keep_codes([*(each.reason for each in adjustments), *answer.codes]),
        names=replace(answer.names, identifier=request),
        body=body,
        sha256=hashlib.sha256(body).hexdigest(),
        adjustments=tuple(adjustments),
        paid=answer.paid,
    )


def find_line(line: LineAnswer, billed: Sequence[BilledLine]) -> int | None:
    """The sequence of the line that a payer means: by the number we gave it, else the only one of service and day."""
    known = {str(each.sequence): each.sequence for each in billed}
    if line.control in known:
        return known[line.control]
    alike = Counter((each.code, each.day) for each in billed)
    matching = [each.sequence for each in billed if (each.code, each.day) == (line.code, line.day)]
    return matching[0] if alike[line.code, line.day] == 1 else None


def read_amount(segment: Segment, position: int) -> Decimal:
    """An amount, 0 where the element is empty; raises InvalidContent for what is no number."""
    text = segment.text(position)
    try:
        amount = Decimal(text or 0)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount.adjusted() > _MOST_DIGITS or len(amount.as_tuple().digits) > _MOST_DIGITS:
        raise InvalidContent("an amount is not a number of up to 18 digits", expression=f"{segment.name}{position:02d}")
    return amount


def _print(segment: Segment) -> str:
    """Print for the record what the payer may have written with other delimiters: as JSON would, never refused."""
    try:
        return print_segments([segment])
    except ValueError:
        return f"{segment.name}*{segment.elements!r}~\n"
