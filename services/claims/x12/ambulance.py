"""A transport by ambulance: CR1, CRC and the two places, from supportingInfo of a professional claim; pure.

Place in the flow: `claim_information` writes how far and why the patient was taken, `claim_837` the places after the
care team. Invariant: an ambulance claim says why, how far, from where and to where, or it is not sent.
Source: 005010X222A1, loop 2300 CR1 and CRC, loops 2310E and 2310F. The categories are our own (docs/x12.md).
"""

from services.claims.x12.bill import find_info
from services.claims.x12.parties import write_address
from services.claims.x12.source import Node, Source
from services.claims.x12.transcript import Transcript

PICKUP, DROPOFF = "ambulance-pickup", "ambulance-dropoff"
_REASON, _DISTANCE, _WEIGHT = "ambulance-reason", "ambulance-distance", "ambulance-weight"
_CONDITION, _ROUND_TRIP, _STRETCHER = "ambulance-condition", "ambulance-round-trip", "ambulance-stretcher"
CATEGORIES = frozenset({PICKUP, DROPOFF, _REASON, _DISTANCE, _WEIGHT, _CONDITION, _ROUND_TRIP, _STRETCHER})
_CONDITIONS = 5
_REASONS = frozenset("ABCDE")
_CONDITION_CODES = frozenset({"01", "04", "05", "06", "07", "08", "09", "12"})
_MILES, _POUNDS = ("[mi_us]", "[mi_i]"), ("[lb_av]",)


def is_transport(claim: Node) -> bool:
    """Tell whether the claim says anything of a transport."""
    return any(info.code_of("category") in CATEGORIES for info in claim.each("supportingInfo"))


def write_transport(out: Transcript, claim: Node) -> None:
    """Write CR1 and CRC of loop 2300."""
    if not is_transport(claim):
        return
    reason = find_info(claim, _REASON).get("code")
    code = out.code(reason.code(), reason.path, 1, required="the reason of the transport, A to E")
    if code and code not in _REASONS:
        out.refuse(reason.path, "the reason of a transport is A, B, C, D or E")
    weight = _measure(out, find_info(claim, _WEIGHT), _POUNDS)
    miles = _measure(out, find_info(claim, _DISTANCE), _MILES, required="the miles of the transport")
    texts = [_describe(out, claim, category) for category in (_ROUND_TRIP, _STRETCHER)]
    out.add("CR1", "LB" if weight else "", weight, "", code, "DH", miles, "", "", *texts)
    _write_conditions(out, claim)


def write_stops(out: Transcript, source: Source) -> None:
    """Write loops 2310E and 2310F."""
    if not is_transport(source.claim):
        return
    for category, code in ((PICKUP, "PW"), (DROPOFF, "45")):
        info = find_info(source.claim, category)
        place = source.resolve(info.get("valueReference"))
        out.add("NM1", code, "2", out.member(place, "name", 60) if category == DROPOFF else "")
        write_address(out, place, required=True)


def _write_conditions(out: Transcript, claim: Node) -> None:
    infos = [info for info in claim.each("supportingInfo") if info.code_of("category") == _CONDITION]
    fitting = out.at_most(_CONDITIONS, infos, "conditions of a transport")
    concepts = [info.get("code") for info in fitting]
    for concept in concepts:
        if concept.code() not in _CONDITION_CODES:
            out.refuse(concept.path, "X12 has no such condition of a transport")
    if concepts:
        out.add("CRC", "07", "Y", *(concept.code() for concept in concepts))


def _measure(out: Transcript, info: Node, units: tuple[str, ...], required: str = "") -> str:
    quantity = info.get("valueQuantity")
    value = quantity.decimal("value")
    if value is None:
        if required or info:
            out.miss(quantity.at("value"), required or "the value")
        return ""
    if quantity.text("code") not in units:
        out.refuse(quantity.at("code"), f"X12 carries this in {units[0]} only")
    return out.number(value, quantity.at("value"))


def _describe(out: Transcript, claim: Node, category: str) -> str:
    info = find_info(claim, category)
    return out.member(info, "valueString", 80, required="a text" if info else "")
