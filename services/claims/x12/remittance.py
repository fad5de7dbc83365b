"""Reads the 835 (005010X221A1): what was paid, what was taken off and why; pure.

Place in the flow: the last answer to a claim. Invariant: what is not balanced (charge less adjustments is payment, of
the claim and of every line) is not believed: the claim's part is marked unusable, and an operator looks at it.
Source: 005010X221A1, section 1.10.2.1 (balancing); X12 external code lists 139 (CARC) and 411 (RARC).
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain

from services.claims.claim import State
from services.claims.denials.reasons import PRICE_REASONS
from services.claims.matching import ClaimNames
from services.claims.responses import Adjustment
from services.claims.x12.answers import ClaimAnswer, LineAnswer, ProviderAdjustment, read_amount
from services.claims.x12.envelope import Transaction
from services.claims.x12.segments import Segment

KIND = "835"
OUT_OF_BALANCE = "out-of-balance"
_DENIED, _REVERSAL = "4", "22"
_UNDECIDED = frozenset({_REVERSAL, "23", "25"})
"""Reversal (its correction follows as a claim of its own), forwarded to another payer, predetermination."""
_REMARKS = {"MIA": (5, 20, 21, 22, 23), "MOA": (3, 4, 5, 6, 7)}
_SERVICE_DAYS = ("472", "150")
_AFTER_CLAIMS = frozenset({"LX", "PLB", "TS2", "TS3"})


def read_remittance(transaction: Transaction) -> Iterator[ClaimAnswer]:
    """Yield the answer to every claim of an 835."""
    traces = [each for each in transaction.segments if each.name == "TRN"]
    for loop in _split(transaction.segments, "CLP", _AFTER_CLAIMS):
        yield _read_claim(loop, traces)


def read_provider_adjustments(transaction: Transaction) -> Iterator[ProviderAdjustment]:
    """Yield what is paid or taken back beside all claims."""
    for segment in transaction.segments:
        if segment.name == "PLB":
            for place in range(3, 15, 2):
                if segment.text(place):
                    amount = read_amount(segment, place + 1)
                    yield ProviderAdjustment(segment.text(place), segment.text(place, 2), amount)


def _read_claim(loop: Sequence[Segment], traces: Sequence[Segment]) -> ClaimAnswer:
    claim = loop[0]
    first_line = next((place for place, each in enumerate(loop) if each.name == "SVC"), len(loop))
    own = loop[:first_line]
    services = list(_split(loop, "SVC", frozenset()))
    remarks = [segment.text(at) for segment in own for at in _REMARKS.get(segment.name, ()) if segment.text(at)]
    on_claim = tuple(_adjustments(own, remarks))
    lines = [_read_line(service, () if on_claim else remarks) for service in services]
    charge, paid = read_amount(claim, 3), read_amount(claim, 4)
    taken = _total(chain(on_claim, *(line.adjustments for line in lines)))
    balanced = charge - taken == paid and all(map(_is_balanced, services))
    return ClaimAnswer(
        names=ClaimNames(claim.text(1), "", claim.text(7)),
        state=_decide(claim.text(2), on_claim, services, paid),
        codes=(),
        segments=(*traces, *loop),
        adjustments=on_claim,
        lines=tuple(lines),
        paid=None if claim.text(2) in _UNDECIDED else paid,
        unusable="" if balanced else OUT_OF_BALANCE,
        is_reversal=claim.text(2) == _REVERSAL,
    )


def _read_line(service: Sequence[Segment], claim_remarks: Iterable[str]) -> LineAnswer:
    head = service[0]
    control = next((each.text(2) for each in service if each.name == "REF" and each.text(1) == "6R"), "")
    days = {each.text(1): each.text(2) for each in service if each.name == "DTM"}
    remarks = [each.text(2) for each in service if each.name == "LQ" and each.text(1) == "HE"]
    return LineAnswer(
        control=control,
        # SVC06 is what was billed, where the payer decided about another service.
        code=head.text(6, 2) or head.text(1, 2),
        day=next((days[each] for each in _SERVICE_DAYS if each in days), ""),
        adjustments=tuple(_adjustments(service, [*remarks, *claim_remarks])),
    )


def _adjustments(segments: Sequence[Segment], remarks: Iterable[str]) -> Iterator[Adjustment]:
    """Every CAS has up to six triples of reason, amount and quantity."""
    kept = tuple(dict.fromkeys(remarks))
    for segment in segments:
        if segment.name == "CAS":
            for place in range(2, 20, 3):
                if segment.text(place):
                    amount = read_amount(segment, place + 1)
                    yield Adjustment(None, segment.text(1), segment.text(place), amount, kept)


def _decide(status: str, on_claim: Sequence[Adjustment], services: Sequence[Sequence[Segment]], paid: Decimal) -> State:
    if status in _UNDECIDED:
        return State.PENDED
    denied = [_is_denied(service) for service in services]
    nothing_paid = not paid and any(each.reason not in PRICE_REASONS for each in on_claim)
    if status == _DENIED or nothing_paid or (denied and all(denied)):
        return State.DENIED
    return State.PARTIALLY_DENIED if any(denied) else State.ACCEPTED


def _is_denied(service: Sequence[Segment]) -> bool:
    """A line is denied when nothing is paid for it, for a reason that is not its price."""
    charge, paid = read_amount(service[0], 2), read_amount(service[0], 3)
    return bool(charge) and not paid and any(each.reason not in PRICE_REASONS for each in _adjustments(service, ()))


def _is_balanced(service: Sequence[Segment]) -> bool:
    return read_amount(service[0], 2) - _total(_adjustments(service, ())) == read_amount(service[0], 3)


def _total(adjustments: Iterable[Adjustment]) -> Decimal:
    return sum((each.amount for each in adjustments if each.amount), Decimal(0))


def _split(segments: Sequence[Segment], first: str, after: frozenset[str]) -> Iterator[list[Segment]]:
    """The loops that begin with `first`, up to the next one or a segment that comes `after` all of them."""
    loop: list[Segment] = []
    for segment in segments:
        if segment.name == first or segment.name in after:
            if loop:
                yield loop
            loop = []
        if segment.name == first or loop:
            loop.append(segment)
    if loop:
        yield loop
