"""The claim itself: CLM with its dates, references and the uniform bill's facts, loop 2300; pure.

Place in the flow: after the hierarchy, before the care team. Invariants: CLM02 is the sum of the lines; a replacement
or void names the payer's number of the claim that it replaces; what supportingInfo says has a place here or is an
obstacle. Source: 005010X222A1 and 005010X223A2, loop 2300; NUBC UB-04 Data Specifications (type of bill).
"""

from collections.abc import Sequence
from decimal import Decimal

from services.claims.x12 import ambulance, equipment
from services.claims.x12.bill import REPLACEMENT, VOID, Bill, find_info, list_replaced
from services.claims.x12.health_codes import write_period
from services.claims.x12.service_lines import Charges
from services.claims.x12.source import Node, Source
from services.claims.x12.transcript import Transcript
from shared.fhir import systems

_OFFICE_BILL = "B"
_NO_INFORMATION = "9"
_DISCHARGED_HOME = "01"
_ACCIDENTS = {"MVA": "AA", "WPA": "EM"}
_REPORT = {"DiagnosticReport": "DG"}
_BILL_SYSTEMS = (systems.NUBC_OCCURRENCE_SPAN, systems.NUBC_OCCURRENCE, systems.NUBC_VALUE, systems.NUBC_CONDITION)


def write_claim_information(out: Transcript, source: Source, bill: Bill, account: str, charges: Charges) -> None:
    """Write CLM to CRC of loop 2300; the codes follow."""
    claim = source.claim
    place = out.code(bill.facility, "Claim.item[0].location[x]", 2, required="a place of service")
    kind = _OFFICE_BILL if bill.is_professional else "A"
    total = out.number(_total(out, claim, charges), "Claim.total")
    signature = "Y" if bill.is_professional else ""
    location = (place, kind, bill.frequency)
    out.add("CLM", account, total, "", "", location, signature, "A", "Y", "Y", "", _accident(out, claim, bill))
    (_write_professional_dates if bill.is_professional else _write_stay)(out, source, bill)
    _write_attachments(out, source)
    _write_references(out, claim, bill, account)
    if bill.is_professional:
        ambulance.write_transport(out, claim)


def check_supporting_info(out: Transcript, source: Source, bill: Bill) -> None:
    """Refuse what supportingInfo says and no segment of this kind of bill can."""
    known = _PROFESSIONAL_INFO if bill.is_professional else _INSTITUTIONAL_INFO
    for info in source.claim.each("supportingInfo"):
        systems_here = (systems.NUBC_CONDITION,) if bill.is_professional else _BILL_SYSTEMS
        is_code = bool(info.code_of("code", *systems_here))
        is_known = info.code_of("category") in known
        if not (is_code or is_known or _is_document(info)):
            out.refuse(info.path, "X12 has no place for this information")
    if bill.is_professional:
        equipment.check_equipment(out, source.claim)


def _total(out: Transcript, claim: Node, charges: Charges) -> Decimal:
    lines = sum((charge or Decimal(0) for charge in charges.values()), Decimal(0))
    total = claim.value_of("total")
    if total is not None and total != lines:
        out.refuse("Claim.total", "the total is not the sum of the lines")
    return lines


def _accident(out: Transcript, claim: Node, bill: Bill) -> tuple[str, ...]:
    accident = claim.get("accident")
    if not accident:
        return ()
    if not bill.is_professional:
        out.refuse(accident.path, "an institution reports an accident as an occurrence code in supportingInfo")
    place = accident.get("locationAddress")
    state = out.member(place, "state", 2)
    code = _ACCIDENTS.get(accident.code_of("type"), "OA")
    if code == "AA" and not state:
        out.miss(place.at("state"), "the state of an automobile accident")
    return (code, "", "", state)


def _write_professional_dates(out: Transcript, source: Source, bill: Bill) -> None:
    claim = source.claim
    onset = find_info(claim, "onset")
    if onset:
        out.add("DTP", "431", "D8", out.day(_when(onset), onset.at("timingDate"), required="the day of onset"))
    if claim.get("accident"):
        out.add("DTP", "439", "D8", out.day(claim.get("accident").text("date"), "Claim.accident.date", "the day"))
    unable = find_info(claim, "employmentimpacted")
    if unable:
        out.add("DTP", "314", "RD8", write_period(out, unable.get("timingPeriod")))
    stay = _admission(claim)
    if stay:
        out.add("DTP", "435", "D8", out.day(_when(stay), stay.at("timingPeriod.start"), "the day of admission"))
        end = stay.get("timingPeriod").text("end")
        if end:
            out.add("DTP", "096", "D8", out.day(end, stay.at("timingPeriod.end")))


def _write_stay(out: Transcript, source: Source, bill: Bill) -> None:
    """Discharge hour, statement dates, admission, and CL1."""
    claim = source.claim
    period = claim.get("billablePeriod")
    stay = _admission(claim).get("timingPeriod") or period
    end = stay.text("end")
    if bill.is_stay and _clock(end):
        out.add("DTP", "096", "TM", _clock(end))
    out.add("DTP", "434", "RD8", write_period(out, period))
    if bill.is_stay:
        start = stay.text("start")
        day = out.day(start, stay.at("start"), required="the day of admission")
        clock = _clock(start)
        out.add("DTP", "435", "DT" if clock else "D8", f"{day}{clock}")
    _write_admission(out, source, bill)


def _write_admission(out: Transcript, source: Source, bill: Bill) -> None:
    kind, origin, status = (find_info(source.claim, name) for name in ("admtype", "pointoforigin", "discharge-status"))
    status = status or find_info(source.claim, "discharge")
    if bill.is_stay and not status:
        out.miss("Claim.supportingInfo.where(category='discharge-status')", "the patient's discharge status")
    out.add(
        "CL1",
        out.code(kind.code_of("code"), kind.at("code"), 1) or _NO_INFORMATION,
        out.code(origin.code_of("code"), origin.at("code"), 1) or _NO_INFORMATION,
        out.code(status.code_of("code"), status.at("code"), 2) or _DISCHARGED_HOME,
    )


def _write_attachments(out: Transcript, source: Source) -> None:
    """Documents do not travel in an 837: PWK says that they can be asked for."""
    kinds: dict[str, None] = {}
    for info in source.claim.each("supportingInfo"):
        if _is_document(info):
            resource = source.resolve(info.get("valueReference")).text("resourceType")
            kinds[_REPORT.get(resource, "OZ")] = None
    for kind in kinds:
        out.add("PWK", kind, "AA")


def _is_document(info: Node) -> bool:
    """Whether it is a reference or an attachment, and not the place of a transport."""
    is_place = info.code_of("category") in (ambulance.PICKUP, ambulance.DROPOFF)
    return bool(info.get("valueReference") or info.get("valueAttachment")) and not is_place


def _write_references(out: Transcript, claim: Node, bill: Bill, account: str) -> None:
    focal = next((each for each in claim.each("insurance") if each.element.get("focal")), Node("Claim.insurance"))
    numbers = focal.texts("preAuthRef")
    if numbers[1:]:
        out.refuse(f"{focal.path}.preAuthRef[1]", "X12 carries 1 authorization number")
    if numbers:
        out.add("REF", "G1", out.code(numbers[0], f"{focal.path}.preAuthRef[0]", 50))
    replaced = list_replaced(claim)
    for other in (each for each in claim.each("related") if each.path not in {one.path for one in replaced}):
        out.refuse(other.path, "X12 has no place for a claim that this one does not replace")
    if bill.frequency in (REPLACEMENT, VOID):
        _write_original(out, replaced)
    out.add("REF", "D9", account)


def _write_original(out: Transcript, replaced: Sequence[Node]) -> None:
    originals = out.at_most(1, replaced, "claim that this one replaces") or [Node("Claim.related[0]")]
    number = originals[0].get("reference")
    what = "the payer's number of the claim that this one replaces"
    out.add("REF", "F8", out.code(number.text("value"), number.at("value"), 50, required=what))


def _admission(claim: Node) -> Node:
    return find_info(claim, "admissionperiod") or find_info(claim, "hospitalized")


def _when(info: Node) -> str:
    return info.text("timingDate") or info.get("timingPeriod").text("start")


def _clock(moment: str) -> str:
    """The hour and minute of a FHIR dateTime, '' of a date."""
    return moment[11:16].replace(":", "") if len(moment) > len("2026-09-01") else ""


_PROFESSIONAL_INFO = (
    frozenset({"onset", "employmentimpacted", "hospitalized", "admissionperiod"})
    | ambulance.CATEGORIES
    | equipment.CATEGORIES
)
_INSTITUTIONAL_INFO = frozenset(
    {
        "typeofbill",
        "admtype",
        "pointoforigin",
        "discharge",
        "discharge-status",
        "hospitalized",
        "admissionperiod",
        "drg",
    }
)
