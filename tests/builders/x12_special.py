"""What only some claims have in X12: an earlier payer's decision, anesthesia, a transport by ambulance, equipment."""

from decimal import Decimal

from shared.fhir import systems
from tests.builders.fhir import coverage, organization
from tests.builders.financial import claim_response
from tests.builders.text import Resource

_CENT = Decimal("0.01")
_PLACE = {"line": ["9 TEST ROAD"], "city": "Worcester", "state": "MA", "postalCode": "01610"}


def decide_before(claim: Resource, others: list[Resource], *, by_line: bool = True) -> Resource:
    """Make the claim's payer the second one, after a first that has paid; returns the first one's ClaimResponse."""
    for insurance in claim["insurance"]:
        insurance["sequence"] += 1
    claim["insurance"].insert(
        0,
        {
            "sequence": 1,
            "focal": False,
            "coverage": {"reference": "Coverage/cov-first"},
            "claimResponse": {"reference": "ClaimResponse/first"},
        },
    )
    decision = _decide(claim, by_line=by_line)
    others += [
        coverage("cov-first", payer_id="payer-first", subscriberId="FIRST123", relationship=_concept("self")),
        organization("payer-first", name="First Payer", identifier=[{"system": "urn:x", "value": "11111"}]),
        decision,
    ]
    return decision


def taken(group: str, reason: str, amount: Decimal) -> Resource:
    """An adjustment: who bears it, why, and how much."""
    return {
        "category": _concept(group, systems.ADJUSTMENT_GROUP),
        "reason": _concept(reason, systems.CARC),
        "amount": _money(amount),
    }


def anesthetize(claim: Resource, procedure: str = "27130") -> None:
    """Bill anesthesia of 95 minutes as the first line, for a procedure."""
    line = claim["item"][0]
    line["productOrService"] = _concept("01214", systems.CPT)
    line["modifier"] = [_concept("QK", systems.HCPCS), _concept("P3", systems.CPT)]
    line["quantity"] = {"value": 95, "unit": "min", "system": systems.UCUM, "code": "min"}
    line["unitPrice"] = {"value": 12, "currency": "USD"}
    claim["procedure"] = [{"sequence": 1, "procedureCodeableConcept": _concept(procedure, systems.CPT)}]


def transport(claim: Resource, others: list[Resource]) -> None:
    """Bill a transport by ambulance of 12.5 miles."""
    others += [
        {"resourceType": "Location", "id": "home", "address": dict(_PLACE)},
        {"resourceType": "Location", "id": "er", "name": "Test Emergency Room", "address": dict(_PLACE)},
    ]
    first = max((info["sequence"] for info in claim.get("supportingInfo", [])), default=0) + 1
    facts: list[Resource] = [
        {"category": _concept("ambulance-reason"), "code": _concept("A")},
        {"category": _concept("ambulance-distance"), "valueQuantity": {"value": 12.5, "code": "[mi_us]"}},
        {"category": _concept("ambulance-weight"), "valueQuantity": {"value": 180, "code": "[lb_av]"}},
        {"category": _concept("ambulance-condition"), "code": _concept("01")},
        {"category": _concept("ambulance-condition"), "code": _concept("09")},
        {"category": _concept("ambulance-stretcher"), "valueString": "Unable to sit"},
        {"category": _concept("ambulance-pickup"), "valueReference": {"reference": "Location/home"}},
        {"category": _concept("ambulance-dropoff"), "valueReference": {"reference": "Location/er"}},
    ]
    claim["supportingInfo"] = [
        *claim.get("supportingInfo", []),
        *({"sequence": number, **fact} for number, fact in enumerate(facts, first)),
    ]
    claim["item"][0]["productOrService"] = _concept("A0429", systems.HCPCS)


def rent(claim: Resource) -> None:
    """Bill rented equipment as the first line."""
    first = max((info["sequence"] for info in claim.get("supportingInfo", [])), default=0) + 1
    facts: list[Resource] = [
        {"category": _concept("equipment-days"), "valueQuantity": {"value": 30, "code": "d"}},
        {"category": _concept("equipment-rental-price"), "valueQuantity": {"value": 45.5}},
        {"category": _concept("equipment-purchase-price"), "valueQuantity": {"value": 455}},
        {"category": _concept("equipment-frequency"), "code": _concept("mo")},
        {
            "category": _concept("equipment-certification"),
            "code": _concept("I"),
            "valueQuantity": {"value": 12, "code": "mo"},
        },
        {"category": _concept("equipment-start"), "timingDate": "2026-08-15"},
    ]
    infos = [{"sequence": number, **fact} for number, fact in enumerate(facts, first)]
    claim["supportingInfo"] = [*claim.get("supportingInfo", []), *infos]
    line = claim["item"][0]
    line["productOrService"] = _concept("E0601", systems.HCPCS)
    line["modifier"] = [_concept("RR", systems.HCPCS)]
    line["informationSequence"] = [info["sequence"] for info in infos]


def _decide(claim: Resource, *, by_line: bool) -> Resource:
    """A tenth is contractual, twenty dollars or what is left are the deductible, the rest is paid."""
    charges = {
        item["sequence"]: Decimal(str(item["unitPrice"]["value"])) * Decimal(str(item["quantity"]["value"]))
        for item in claim["item"]
    }
    lines = [_decide_line(sequence, charge) for sequence, charge in charges.items()]
    total = sum(charges.values(), Decimal(0))
    on_claim = _decide_line(0, total)["adjudication"]
    paid = Decimal(str(on_claim[-1]["amount"]["value"]))
    if by_line:
        paid = sum((Decimal(str(line["adjudication"][-1]["amount"]["value"])) for line in lines), Decimal(0))
    return claim_response(
        "first",
        payer_id="payer-first",
        payment={"type": _concept("complete"), "amount": _money(paid), "date": "2026-09-20"},
        **({"item": lines} if by_line else {"adjudication": on_claim[:-1]}),
    )


def _decide_line(sequence: int, charge: Decimal) -> Resource:
    contractual = (charge / 10).quantize(_CENT)
    deductible = min(Decimal(20), charge - contractual)
    paid = charge - contractual - deductible
    benefit = {"category": _concept("benefit", systems.ADJUDICATION), "amount": _money(paid)}
    adjudication = [taken("CO", "45", contractual), taken("PR", "1", deductible), benefit]
    return {"itemSequence": sequence, "adjudication": adjudication}


def _concept(code: str, system: str = "urn:test") -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def _money(value: Decimal) -> Resource:
    return {"value": float(value), "currency": "USD"}
