"""Reads the 277CA (005010X214): did the payer take the claim in? Pure.

Place in the flow: the second answer, before anything is paid. A claim that was taken in is pended, until an 835
decides.
Invariant: a claim is rejected when any status of it, or of one of its lines, is a rejection; without a word about
single claims the verdict on the whole file is that on its one claim.
Source: X12 external code lists 507 (claim status category) and 508 (claim status).
"""

from collections.abc import Iterator, Sequence

from services.claims.claim import State
from services.claims.x12.answers import ClaimAnswer, ClaimNames
from services.claims.x12.envelope import Transaction
from services.claims.x12.segments import Segment

KIND = "277"
_REJECTIONS = frozenset({"A3", "A4", "A6", "A7", "A8"})
_PATIENT, _RECEIVER = "PT", "21"
_STATUSES = (1, 10, 11)
"""Where STC has its composites of category, status and entity."""


def read_claim_status(transaction: Transaction) -> Iterator[ClaimAnswer]:
    """Yield the answer to every claim of a 277CA."""
    loops = list(_split(transaction.segments))
    patients = [loop for level, loop in loops if level == _PATIENT]
    for loop in patients:
        names = ClaimNames(_trace(loop) or _reference(loop, "D9"), "", _reference(loop, "1K"))
        yield _judge(names, loop)
    if not patients:
        whole = [segment for _, loop in loops for segment in loop]
        receiver = [loop for level, loop in loops if level == _RECEIVER]
        answer = _judge(ClaimNames(_trace(receiver[0]) if receiver else ""), whole)
        if answer.state is State.REJECTED:
            yield answer


def _judge(names: ClaimNames, loop: Sequence[Segment]) -> ClaimAnswer:
    statuses = [
        (segment.text(place), segment.text(place, 2))
        for segment in loop
        if segment.name == "STC"
        for place in _STATUSES
        if segment.text(place)
    ]
    rejected = [status for status in statuses if status[0] in _REJECTIONS]
    state = State.REJECTED if rejected else State.PENDED
    codes = tuple("-".join(part for part in status if part) for status in rejected)
    return ClaimAnswer(names, state, codes, tuple(loop))


def _split(segments: Sequence[Segment]) -> Iterator[tuple[str, list[Segment]]]:
    """The hierarchical levels, each with its own segments."""
    level, loop = "", list[Segment]()
    for segment in segments:
        if segment.name == "HL":
            if level:
                yield level, loop
            level, loop = segment.text(3), []
        loop.append(segment)
    if level:
        yield level, loop


def _trace(loop: Sequence[Segment]) -> str:
    return next((each.text(2) for each in loop if each.name == "TRN"), "")


def _reference(loop: Sequence[Segment], qualifier: str) -> str:
    return next((each.text(2) for each in loop if each.name == "REF" and each.text(1) == qualifier), "")
