"""Reads the 277CA (005010X214): did the payer take the claim in? Pure.

Place in the flow: the second answer, before anything is paid. A claim that was taken in is pended, until an 835
decides.
Invariant: a claim is rejected when any status of it, or of one of its lines, is a rejection; without a word about
single claims the verdict on the whole file is that on its one claim.
Source: X12 external code lists 507 (claim status category) and 508 (claim status).
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from services.claims.claim import State
from services.claims.matching import ClaimNames
from services.claims.responses import Adjustment
from services.claims.x12.answers import ClaimAnswer, LineAnswer
from services.claims.x12.envelope import Transaction
from services.claims.x12.segments import Segment

KIND = "277"
_REJECTIONS = frozenset({"A3", "A4", "A6", "A7", "A8"})
_PATIENT, _RECEIVER = "PT", "21"
_STATUSES = (1, 10, 11)
"""Where STC has its composites of category, status and entity."""
_LINE_CONTROLS = ("FJ", "6R")


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
    """What is said before the first SVC is about the claim, what comes after it about the line that it begins."""
    services = [place for place, segment in enumerate(loop) if segment.name == "SVC"]
    own = loop[: services[0]] if services else loop
    lines = [_judge_line(loop[start:end]) for start, end in pairwise([*services, len(loop)])]
    on_claim = tuple(_read_rejections(own))
    codes = [each.reason for each in (*on_claim, *(each for line in lines for each in line.adjustments))]
    return ClaimAnswer(
        names,
        State.REJECTED if codes else State.PENDED,
        tuple(dict.fromkeys(codes)),
        tuple(loop),
        on_claim,
        tuple(line for line in lines if line.adjustments),
    )


def _judge_line(service: Sequence[Segment]) -> LineAnswer:
    control = next((found for each in _LINE_CONTROLS if (found := _reference(service, each))), "")
    day = next((each.text(3) for each in service if each.name == "DTP" and each.text(1) == "472"), "")
    return LineAnswer(control, service[0].text(1, 2), day[:8], tuple(_read_rejections(service)))


def _read_rejections(segments: Sequence[Segment]) -> Iterator[Adjustment]:
    """Every status that is a rejection, as category and status: `A7-562`."""
    for segment in segments:
        for place in _STATUSES if segment.name == "STC" else ():
            if segment.text(place) in _REJECTIONS:
                code = "-".join(part for part in (segment.text(place), segment.text(place, 2)) if part)
                yield Adjustment(None, "", code)


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
