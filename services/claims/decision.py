"""What a payer decided of a claim, as the ClaimResponse that the claim to the next payer names; pure.

Place in the flow: made of a stored answer, whichever way it came (835, ClaimResponse), and put beside the Claim whose
earlier `insurance.claimResponse` refers to it; `x12.coordination` reads it, and so does a payer who takes FHIR.
Invariant: what is not said of a line was not taken off it, so every line's charge less its adjustments is its benefit,
and the claim's is the payment; an answer of which that is not true is refused.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from services.claims.responses import Adjustment
from shared.contracts.errors import InvalidContent
from shared.contracts.messages import ResourceVersion
from shared.fhir import systems

Resource = dict[str, Any]
"""FHIR as JSON."""

_PAYMENT_TYPE = "http://terminology.hl7.org/CodeSystem/ex-paymenttype"
_NOTHING = Decimal(0)


def write_decision(
    claim: Mapping[str, Any],
    adjustments: Sequence[Adjustment],
    paid: Decimal,
    decided_on: date,
    *,
    response_id: str,
    payer_number: str = "",
) -> ResourceVersion:
    """Return the ClaimResponse of a decision about `claim`, the Claim that its payer got, read with exact decimals.

    `adjustments` and `paid` (dollars) are of the stored answer; `payer_number` is the number that the payer gave it.
    Raises InvalidContent where they do not balance.
    """
    charges = {int(item["sequence"]): _charge_of(item) for item in claim.get("item") or ()}
    taken = sum((each.amount or _NOTHING for each in adjustments), _NOTHING)
    if sum(charges.values(), _NOTHING) - taken != paid:
        raise InvalidContent("the charge less the adjustments is not what was paid", expression="ClaimResponse.payment")
    lines = [_decide_line(sequence, charge, adjustments) for sequence, charge in charges.items()]
    on_claim = [_write_adjustment(each) for each in adjustments if each.line is None]
    response: Resource = {
        "resourceType": "ClaimResponse",
        "id": response_id,
        **({"identifier": [{"system": systems.PAYER_CLAIM_NUMBER, "value": payer_number}]} if payer_number else {}),
        "status": "active",
        "type": claim["type"],
        "use": "claim",
        "patient": claim["patient"],
        "created": decided_on.isoformat(),
        "insurer": claim["insurer"],
        "outcome": "complete",
        "item": lines,
        **({"adjudication": on_claim} if on_claim else {}),
        "payment": {
            "type": _concept(_PAYMENT_TYPE, "complete"),
            "date": decided_on.isoformat(),
            "amount": _money(paid),
        },
    }
    return ResourceVersion.of("ClaimResponse", response_id, json.dumps(response, separators=(",", ":")))


def _decide_line(sequence: int, charge: Decimal, adjustments: Iterable[Adjustment]) -> Resource:
    own = [each for each in adjustments if each.line == sequence]
    benefit = charge - sum((each.amount or _NOTHING for each in own), _NOTHING)
    paid = {"category": _concept(systems.ADJUDICATION, "benefit"), "amount": _money(benefit)}
    return {"itemSequence": sequence, "adjudication": [*map(_write_adjustment, own), paid]}


def _write_adjustment(adjustment: Adjustment) -> Resource:
    reasons = [{"system": systems.CARC, "code": adjustment.reason}]
    reasons += [{"system": systems.RARC, "code": remark} for remark in adjustment.remarks]
    return {
        "category": _concept(systems.ADJUSTMENT_GROUP, adjustment.group),
        "reason": {"coding": reasons},
        "amount": _money(adjustment.amount or _NOTHING),
    }


def _charge_of(item: Mapping[str, Any]) -> Decimal:
    """What was charged for a line: its net, which pricing puts on every one, else units times price."""
    net = (item.get("net") or {}).get("value")
    if net is not None:
        return Decimal(net)
    units = (item.get("quantity") or {}).get("value", 1)
    return Decimal((item.get("unitPrice") or {}).get("value", 0)) * Decimal(units)


def _concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def _money(value: Decimal) -> Resource:
    # Up to fifteen digits the nearest float is printed with the digits of the decimal.
    return {"value": float(value), "currency": "USD"}
