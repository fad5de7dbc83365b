"""What earlier payers decided of a claim that now goes to the next one: coordination of benefits; pure.

Place in the flow: `hierarchy` writes it in loop 2320 of the payer, `service_lines` in loop 2430 of the lines. It is
read of the ClaimResponse that `insurance.claimResponse` leads to: `benefit` is what was paid, an adjudication with a
CARC what was taken off, under the group that its category names.
Invariant: charge less adjustments is payment, of the claim and of every line, or the claim is not sent: payers refuse a
claim whose benefits do not balance.
Source: 005010X222A1 and 005010X223A2, section 1.4.2 (coordination of benefits), loops 2320, 2330B and 2430.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.claims.x12.segments import Element
from services.claims.x12.source import Node
from services.claims.x12.transcript import Transcript
from shared.fhir import systems

_BENEFIT = "benefit"
_GROUPS = frozenset({"CO", "CR", "OA", "PI", "PR"})
_PER_SEGMENT, _SEGMENTS = 6, 5
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Adjudged:
    """What one payer decided of the claim, or of one line: what it paid, and what it took off."""

    place: Node
    paid: Decimal | None
    taken: tuple[Node, ...]

    @property
    def sum_taken(self) -> Decimal:
        """What was taken off, in dollars."""
        return sum((each.value_of("amount") or _NOTHING for each in self.taken), _NOTHING)


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """An earlier payer's decision: of the claim as a whole, and of its lines by sequence.

    `payer_code` is the payer's identifier in this claim, by which a line's decision names it; `day` as FHIR has it.
    """

    response: Node
    payer_code: str
    day: str
    claim: Adjudged
    lines: Mapping[int, Adjudged]


def read_decision(out: Transcript, response: Node, payer_code: str, charges: Mapping[int, Decimal | None]) -> Decision:
    """Read a ClaimResponse; `charges` are those of the lines by sequence. What does not balance is an obstacle."""
    payment = response.get("payment")
    lines = {int(item.decimal("itemSequence") or 0): _adjudge(item) for item in response.each("item")}
    on_claim = _adjudge(response)
    taken = on_claim.sum_taken + sum((line.sum_taken for line in lines.values()), _NOTHING)
    paid = sum((charge or _NOTHING for charge in charges.values()), _NOTHING) - taken
    stated = payment.value_of("amount")
    if stated is not None and stated != paid:
        out.refuse(payment.at("amount"), "the charge less the adjustments is not what the earlier payer paid")
    _check_lines(out, response, lines, charges)
    decided = Adjudged(response, paid, on_claim.taken)
    return Decision(response, payer_code, payment.text("date") or response.text("created"), decided, lines)


def write_claim_decision(out: Transcript, decision: Decision) -> None:
    """Write CAS and AMT of loop 2320."""
    _write_taken(out, decision.claim)
    out.add("AMT", "D", out.amount(decision.claim.paid or _NOTHING, decision.response.at("payment.amount")))


def write_decision_day(out: Transcript, decision: Decision) -> None:
    """Write DTP*573 of loop 2330B; with lines, each says its own day."""
    if not decision.lines:
        out.add("DTP", "573", "D8", _day(out, decision))


def write_line_decisions(
    out: Transcript, sequence: int, service: Element, revenue: str, units: str, decisions: Sequence[Decision]
) -> None:
    """Write a loop 2430 for every earlier payer that decided line by line."""
    for decision in decisions:
        line = decision.lines.get(sequence)
        if line and line.paid is not None:
            paid = out.amount(line.paid, line.place.at("adjudication"))
            out.add("SVD", decision.payer_code, paid, service, revenue, units)
            _write_taken(out, line)
            out.add("DTP", "573", "D8", _day(out, decision))


def _adjudge(place: Node) -> Adjudged:
    decided = place.each("adjudication")
    benefits = [each for each in decided if each.code_of("category", systems.ADJUDICATION) == _BENEFIT]
    paid = next((each.value_of("amount") for each in benefits), None)
    return Adjudged(place, paid, tuple(each for each in decided if each.code_of("reason", systems.CARC)))


def _check_lines(
    out: Transcript, response: Node, lines: Mapping[int, Adjudged], charges: Mapping[int, Decimal | None]
) -> None:
    for sequence in charges if lines else ():
        if sequence not in lines:
            out.miss(response.at(f"item.where(itemSequence={sequence})"), "what the earlier payer decided of each line")
    for sequence, line in lines.items():
        if sequence not in charges:
            out.refuse(line.place.at("itemSequence"), "the earlier payer decided of a line that the claim has not")
        elif line.paid is None:
            out.miss(line.place.at("adjudication"), "what the earlier payer paid for the line")
        elif (charges[sequence] or _NOTHING) - line.sum_taken != line.paid:
            out.refuse(line.place.at("adjudication"), "the line's charge less the adjustments is not what was paid")


def _write_taken(out: Transcript, adjudged: Adjudged) -> None:
    """Write a CAS for every group, and one more where a group has more than six reasons."""
    by_group: dict[str, list[Node]] = defaultdict(list)
    for each in adjudged.taken:
        by_group[each.code_of("category", systems.ADJUSTMENT_GROUP)].append(each)
    parts = [(group, part) for group, found in by_group.items() for part in _divide(found)]
    if len(parts) > _SEGMENTS:
        out.refuse(adjudged.place.at("adjudication"), f"X12 carries {_SEGMENTS} CAS segments")
    for group, part in parts[:_SEGMENTS]:
        if group not in _GROUPS:
            out.miss(part[0].at("category"), "the group of an adjustment: CO, CR, OA, PI or PR")
        out.add("CAS", group, *(text for each in part for text in _write_reason(out, each)))


def _divide(found: Sequence[Node]) -> Iterable[Sequence[Node]]:
    return (found[start : start + _PER_SEGMENT] for start in range(0, len(found), _PER_SEGMENT))


def _write_reason(out: Transcript, adjustment: Node) -> tuple[str, str, str]:
    """Reason, amount, and no quantity."""
    reason, amount = adjustment.get("reason"), adjustment.value_of("amount")
    if amount is None:
        out.miss(adjustment.at("amount"), "the amount of an adjustment")
    code = out.code(reason.code(systems.CARC), reason.path, 5)
    return code, "" if amount is None else out.amount(amount, adjustment.at("amount")), ""


def _day(out: Transcript, decision: Decision) -> str:
    return out.day(decision.day, decision.response.at("created"), required="the day of the earlier payer's decision")
