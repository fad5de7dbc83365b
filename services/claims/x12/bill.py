"""What kind of bill a claim is: professional or institutional, stay or not, new, replacing or void; pure.

Place in the flow: read first, since everything after it depends on it. Invariant: what `typeofbill` says is believed;
only without it the encounter decides.
Source: 005010X222A1 and 005010X223A2, CLM05; NUBC UB-04 Data Specifications, type of bill.
"""

from dataclasses import dataclass

from services.claims.x12.source import Node, Source
from services.claims.x12.transcript import Transcript
from shared.fhir import systems

_INSTITUTIONAL = "institutional"
_KINDS = frozenset({"professional", _INSTITUTIONAL})
_STAY_CLASSES = frozenset({"IMP", "ACUTE", "NONAC"})
_STAY_FACILITIES = frozenset({"11", "12", "18", "21", "41"})
_HOSPITAL_INPATIENT, _HOSPITAL_OUTPATIENT = "11", "13"
_ORIGINAL, REPLACEMENT, VOID = "1", "7", "8"
_REPLACES = frozenset({"prior", "replaces", ""})


@dataclass(frozen=True, slots=True)
class Bill:
    """What kind of bill a claim is: CLM05 in its three parts."""

    is_professional: bool
    is_stay: bool
    facility: str
    frequency: str


def read_bill(out: Transcript, source: Source) -> Bill:
    """Read the type of bill: of an institution as supportingInfo `typeofbill` has it, else from the encounter."""
    claim = source.claim
    kind = claim.code_of("type")
    if kind not in _KINDS:
        out.refuse("Claim.type", "837P and 837I carry professional and institutional claims only")
    is_professional = kind != _INSTITUTIONAL
    written = find_info(claim, "typeofbill").code_of("code").removeprefix("0")
    frequency = _frequency(claim, written)
    if is_professional:
        return Bill(True, False, _first_place(claim), frequency)
    if written and len(written) != len("131"):
        out.refuse(find_info(claim, "typeofbill").at("code"), "a type of bill has three digits")
    is_stay = written[:2] in _STAY_FACILITIES if written else _is_stay(source)
    facility = written[:2] or (_HOSPITAL_INPATIENT if is_stay else _HOSPITAL_OUTPATIENT)
    return Bill(False, is_stay, facility, frequency)


def _frequency(claim: Node, written: str) -> str:
    if claim.text("status") == "cancelled":
        return VOID
    return REPLACEMENT if list_replaced(claim) else written[2:3] or _ORIGINAL


def list_replaced(claim: Node) -> list[Node]:
    """The related claims that this one takes the place of."""
    return [each for each in claim.each("related") if each.code_of("relationship") in _REPLACES]


def _is_stay(source: Source) -> bool:
    encounter = source.find("Encounter").get("class").text("code")
    if encounter:
        return encounter in _STAY_CLASSES
    return bool(
        source.claim.each("procedure") or any(each.get("onAdmission") for each in source.claim.each("diagnosis"))
    )


def _first_place(claim: Node) -> str:
    items = claim.each("item")
    return items[0].code_of("locationCodeableConcept", systems.PLACE_OF_SERVICE) if items else ""


def find_info(claim: Node, category: str) -> Node:
    """The first supportingInfo of a category, empty where there is none."""
    found = (info for info in claim.each("supportingInfo") if info.code_of("category") == category)
    return next(found, Node(f"Claim.supportingInfo.where(category='{category}')"))
