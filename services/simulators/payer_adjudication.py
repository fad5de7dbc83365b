"""How the simulated payer decides: a Bundle in, a ClaimResponse out; pure.

Invariant: the answer is a function of the Bundle and the verdict alone, so that a Bundle that comes again, even to a
payer that was restarted in between, gets the same answer to the byte.
"""

import hashlib
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from shared.fhir import systems

ADJUDICATION_ERROR = "http://terminology.hl7.org/CodeSystem/adjudication-error"
PAYMENT_TYPE = "http://terminology.hl7.org/CodeSystem/ex-paymenttype"
JsonObject = dict[str, Any]
"""A FHIR element as Python's `json` reads it."""

DENIAL_REASONS = ("16", "50", "97", "197")
"""CARC numbers: lacks information, not medically necessary, included in another service, no authorization."""


class Verdict(StrEnum):
    """What the payer makes of a claim."""

    ACCEPTED = "accepted"
    """Taken, and paid at another time."""
    PAID = "paid"
    """Taken, and paid at once: so much a line."""
    DENIED = "denied"
    PARTLY_DENIED = "partly_denied"
    """The last line is denied, the others are not."""
    REJECTED = "rejected"


BUNDLED_REASON = "97"
"""CARC of a line that is denied alone: included in another service."""


FEE = 80.0
"""What a line is worth to this payer, in dollars."""
_SALT = "180"
"""With it four charts of the first simulated day meet every fate."""


def judge_claim(claim: JsonObject, identifier: str, denial_percent: float, paid_percent: float = 0.0) -> Verdict:
    """Decide by the visit that is billed: of a claim with several lines one is denied; a replacement is what was asked
    for. `paid_percent` of what is taken is paid at once."""
    visit = _name_visit(claim) or identifier
    taken = Verdict.PAID if _draw(f"{visit}/payment") < paid_percent else Verdict.ACCEPTED
    if claim.get("related") or choose_verdict(visit, denial_percent) is Verdict.ACCEPTED:
        return taken
    return Verdict.PARTLY_DENIED if len(claim.get("item", ())) > 1 else Verdict.DENIED


def _name_visit(claim: JsonObject) -> str:
    """The encounter, which a hospital calls the same however often it bills it; '' where no line names one."""
    encounters = (each for item in claim.get("item", ()) for each in item.get("encounter", ()))
    return next((str(each["reference"]) for each in encounters if "reference" in each), "")


def choose_verdict(identifier: str, denial_percent: float) -> Verdict:
    """Deny the given share of claims, always the same ones: the hash of the identifier decides."""
    return Verdict.DENIED if _draw(identifier) < denial_percent else Verdict.ACCEPTED


def _draw(name: str) -> float:
    """A number from 0 to 100 that is always the same for a name."""
    return int.from_bytes(_digest(f"{_SALT}/{name}")[:4], "big") / 2**32 * 100


def adjudicate(bundle: JsonObject, verdict: Verdict) -> JsonObject:
    """Return the ClaimResponse to the Claim of a well-formed Bundle."""
    claim = bundle["entry"][0]["resource"]
    identifier = bundle["identifier"]
    response: JsonObject = {
        "resourceType": "ClaimResponse",
        "id": str(uuid5(NAMESPACE_URL, f"{identifier['value']}/{verdict}")),
        "status": "active",
        "type": claim["type"],
        "use": "claim",
        "patient": claim["patient"],
        "created": bundle["timestamp"],
        "insurer": claim.get("insurer") or {"display": "Simulated payer"},
        "request": {"type": "Claim", "identifier": identifier},
        "outcome": "error" if verdict is Verdict.REJECTED else "complete",
    }
    if verdict is Verdict.REJECTED:
        return {**response, "error": [{"code": _concept(ADJUDICATION_ERROR, "a001")}]}
    return {**response, **_decide_lines(claim, verdict, identifier["value"]), **_pay(claim, verdict)}


def _pay(claim: JsonObject, verdict: Verdict) -> JsonObject:
    if verdict is not Verdict.PAID:
        return {}
    amount = {"value": FEE * max(1, len(claim.get("item", ()))), "currency": "USD"}
    return {"payment": {"type": _concept(PAYMENT_TYPE, "complete"), "amount": amount}}


def _decide_lines(claim: JsonObject, verdict: Verdict, identifier: str) -> JsonObject:
    eligible = [{"category": _category("eligible")}]
    reason = DENIAL_REASONS[_digest(identifier)[4] % len(DENIAL_REASONS)]
    decision = _deny(reason) if verdict is Verdict.DENIED else eligible
    lines = [{"itemSequence": item["sequence"], "adjudication": decision} for item in claim.get("item", ())]
    if verdict is Verdict.PARTLY_DENIED:
        lines[-1] = {**lines[-1], "adjudication": _deny(BUNDLED_REASON)}
    return {"item": lines} if lines else {"adjudication": decision}


def _deny(reason: str) -> list[JsonObject]:
    nothing = {"value": 0, "currency": "USD"}
    return [{"category": _category("benefit"), "reason": _concept(systems.CARC, reason), "amount": nothing}]


def _category(code: str) -> JsonObject:
    return _concept(systems.ADJUDICATION, code)


def _concept(system: str, code: str) -> JsonObject:
    return {"coding": [{"system": system, "code": code}]}


def _digest(identifier: str) -> bytes:
    return hashlib.sha256(identifier.encode()).digest()
