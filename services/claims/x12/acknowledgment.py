"""Reads the 999 (005010X231A1) and the TA1: was the file itself understood? Pure.

Place in the flow: the first answer to a claim's file. Invariant: only a refusal is an answer about the claim; that a
file was understood says nothing of what is in it, so the claim goes on waiting.
"""

from collections.abc import Iterator, Sequence

from services.claims.claim import State
from services.claims.matching import ClaimNames
from services.claims.x12.answers import ClaimAnswer
from services.claims.x12.envelope import Transaction
from services.claims.x12.segments import Segment

KIND = "999"
_UNDERSTOOD = frozenset({"A", "E", "P"})
_NAMED = {"IK3": 4, "IK4": 3, "CTX": 0}
"""Where the segments below IK2 have their error code."""


def read_acknowledgment(transaction: Transaction) -> Iterator[ClaimAnswer]:
    """Yield the refusals of a 999: of a transaction set, or of a group as a whole."""
    head = next((each for each in transaction.segments if each.name == "AK1"), Segment("AK1"))
    sets = list(_split(transaction.segments))
    for segments in sets:
        verdict = next((each for each in segments if each.name == "IK5"), Segment("IK5"))
        if verdict.text(1) not in _UNDERSTOOD:
            yield _refuse(segments[0].text(2), [head, *segments], verdict)
    end = next((each for each in transaction.segments if each.name == "AK9"), Segment("AK9"))
    if not sets and end.text(1) not in _UNDERSTOOD:
        yield _refuse(head.text(2), [head, end], end)


def read_interchange_note(note: Segment) -> Iterator[ClaimAnswer]:
    """Yield the refusal of a TA1."""
    if note.text(4) == "R":
        names = ClaimNames(control=note.text(1).lstrip("0"))
        yield ClaimAnswer(names, State.REJECTED, (f"TA1-{note.text(5)}",), (note,))


def _refuse(control: str, segments: Sequence[Segment], verdict: Segment) -> ClaimAnswer:
    codes = [f"{each.name}-{each.text(_NAMED[each.name])}" for each in segments if _NAMED.get(each.name)]
    start = 2 if verdict.name == "IK5" else 5
    codes += [f"{verdict.name}-{verdict.text(place)}" for place in range(start, start + 5) if verdict.text(place)]
    return ClaimAnswer(ClaimNames(control=control.lstrip("0")), State.REJECTED, tuple(codes), tuple(segments))


def _split(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """The loops that begin with AK2."""
    loop: list[Segment] = []
    for segment in segments:
        if segment.name == "AK2":
            loop = [segment]
        elif loop and segment.name != "AK9":
            loop.append(segment)
        if loop and segment.name == "IK5":
            yield loop
            loop = []
