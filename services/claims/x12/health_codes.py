"""The HI segments: diagnoses, procedures, DRG, and the codes of the uniform bill; pure.

Place in the flow: part of loop 2300. Invariants: every code of the Claim is in exactly the HI that its role asks for;
ICD codes are written without dots; a list that X12 cannot hold whole is an obstacle.
Source: 005010X222A1 and 005010X223A2, HI; ICD-10-CM Guidelines, section I.C.20 (external causes).
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter

from services.claims.x12.segments import Element
from services.claims.x12.source import Node
from services.claims.x12.transcript import Transcript
from shared.fhir import systems

_PER_SEGMENT = 12
_PROFESSIONAL_DIAGNOSES = 12
_OTHER_DIAGNOSES = 24
_EXTERNAL_CAUSES = 12
_REASONS_FOR_VISIT = 3
_OTHER_PROCEDURES = 24
_EXTERNAL_CAUSE_CHAPTER = frozenset("VWXY")
_ADMITTING, _REASON, _CAUSE = "admitting", "patientreasonforvisit", "externalcauseofinjury"
_LONGEST_CODE = 30
_sequence_of = attrgetter("sequence")


def in_order(nodes: Iterable[Node]) -> list[Node]:
    """Elements by their sequence."""
    found = list(nodes)
    return sorted(found, key=_sequence_of) if len(found) > 1 else found


def write_professional_diagnoses(out: Transcript, claim: Node) -> dict[int, str]:
    """Write HI*ABK, and return the diagnosis pointer of each sequence."""
    diagnoses = out.at_most(_PROFESSIONAL_DIAGNOSES, in_order(claim.each("diagnosis")), "diagnoses on an 837P")
    codes = [_icd(out, diagnosis, "diagnosis", systems.ICD10CM) for diagnosis in diagnoses]
    out.add("HI", *(("ABF" if place else "ABK", code) for place, code in enumerate(codes)))
    return {each.sequence: str(place) for place, each in enumerate(diagnoses, 1)}


def write_institutional_diagnoses(out: Transcript, claim: Node, *, is_stay: bool) -> None:
    """Write the principal and admitting diagnoses, reasons for the visit, external causes and DRG, then the rest."""
    diagnoses = in_order(claim.each("diagnosis"))
    billed = [each for each in diagnoses if _roles(each) - {_ADMITTING, _REASON} or not _roles(each)]
    principal, rest = billed[:1], billed[1:]
    causes = [each for each in rest if _is_external_cause(each)]
    others = [each for each in rest if not _is_external_cause(each)]
    _write_list(out, [_diagnosis(out, "ABK", each, present=is_stay) for each in principal])
    _write_admission(out, diagnoses, is_stay=is_stay)
    fitting = out.at_most(_EXTERNAL_CAUSES, causes, "external causes")
    _write_list(out, [_diagnosis(out, "ABN", each, present=is_stay) for each in fitting])
    _write_drg(out, claim)
    fitting = out.at_most(_OTHER_DIAGNOSES, others, "other diagnoses on an 837I")
    _write_list(out, [_diagnosis(out, "ABF", each, present=is_stay) for each in fitting])


def write_procedures(out: Transcript, claim: Node) -> None:
    """Write the ICD-10-PCS procedures, the principal one first."""
    procedures = out.at_most(_OTHER_PROCEDURES + 1, in_order(claim.each("procedure")), "procedures")
    written: list[Sequence[str]] = []
    for place, procedure in enumerate(procedures):
        code = _icd(out, procedure, "procedure", systems.ICD10PCS)
        day = out.day(procedure.text("date"), procedure.at("date"), required="the date of the procedure")
        written.append(("BBQ" if place else "BBR", code, "D8", day))
    _write_list(out, written[:1])
    _write_list(out, written[1:])


def write_bill_codes(out: Transcript, claim: Node, *, only_conditions: bool = False) -> None:
    """Write occurrence spans, occurrences, values and conditions, which are supportingInfo with NUBC codes."""
    infos = in_order(claim.each("supportingInfo"))
    if not only_conditions:
        _write_bill_list(out, infos, "BI", systems.NUBC_OCCURRENCE_SPAN)
        _write_bill_list(out, infos, "BH", systems.NUBC_OCCURRENCE)
        _write_bill_list(out, infos, "BE", systems.NUBC_VALUE)
    _write_bill_list(out, infos, "BG", systems.NUBC_CONDITION)


def write_period(out: Transcript, node: Node) -> str:
    """A Period as RD8 has it."""
    start = out.day(node.text("start"), node.at("start"), required="the first day")
    end = out.day(node.text("end") or node.text("start"), node.at("end"))
    return f"{start}-{end}"


def _write_bill_list(out: Transcript, infos: Sequence[Node], qualifier: str, system: str) -> None:
    chosen = [info for info in infos if info.code_of("code", system)]
    fitting = out.at_most(_PER_SEGMENT * 2, chosen, "codes of a kind")
    _write_list(out, [_bill_code(out, qualifier, info, info.code_of("code", system)) for info in fitting])


def _bill_code(out: Transcript, qualifier: str, info: Node, code: str) -> Element:
    start = (qualifier, out.code(code, info.at("code"), _LONGEST_CODE))
    if qualifier == "BI":
        return (*start, "RD8", write_period(out, info.get("timingPeriod")))
    if qualifier == "BH":
        return (*start, "D8", out.day(info.text("timingDate"), info.at("timingDate"), required="the day it occurred"))
    if qualifier == "BE":
        quantity = info.get("valueQuantity")
        value = quantity.decimal("value")
        if value is None:
            out.miss(quantity.at("value"), "the value")
        return (*start, "", "", out.number(value, quantity.at("value")) if value is not None else "")
    return start


def _write_admission(out: Transcript, diagnoses: Sequence[Node], *, is_stay: bool) -> None:
    admitting = out.at_most(1, [each for each in diagnoses if _ADMITTING in _roles(each)], "admitting diagnosis")
    reasons = [each for each in diagnoses if _REASON in _roles(each)]
    if is_stay:
        _write_list(out, [_diagnosis(out, "ABJ", each, present=False) for each in admitting])
        out.at_most(0, reasons, "reasons for the visit on a claim for a stay")
        return
    out.at_most(0, admitting, "admitting diagnoses on an outpatient claim")
    fitting = out.at_most(_REASONS_FOR_VISIT, reasons, "reasons for the visit")
    _write_list(out, [_diagnosis(out, "APR", each, present=False) for each in fitting])


def _write_drg(out: Transcript, claim: Node) -> None:
    """The DRG is supportingInfo, or the packageCode of the principal diagnosis."""
    concepts = [info.get("code") for info in claim.each("supportingInfo") if info.code_of("category") == "drg"]
    concepts += [diagnosis.get("packageCode") for diagnosis in claim.each("diagnosis")]
    found = out.at_most(1, [concept for concept in concepts if concept], "DRG")
    _write_list(out, [("DR", out.code(concept.code(), concept.path, 4)) for concept in found])


def _diagnosis(out: Transcript, qualifier: str, diagnosis: Node, *, present: bool) -> Element:
    code = _icd(out, diagnosis, "diagnosis", systems.ICD10CM)
    admission = diagnosis.code_of("onAdmission").upper() if present else ""
    return (qualifier, code, "", "", "", "", "", "", out.code(admission, diagnosis.at("onAdmission"), 1))


def _icd(out: Transcript, node: Node, name: str, system: str) -> str:
    member = f"{name}CodeableConcept"
    code = node.code_of(member, system).replace(".", "")
    return out.code(code, node.at(member), _LONGEST_CODE, required="an ICD-10 code")


def _roles(diagnosis: Node) -> set[str]:
    return {kind.code() for kind in diagnosis.each("type")}


def _is_external_cause(diagnosis: Node) -> bool:
    code = diagnosis.code_of("diagnosisCodeableConcept", systems.ICD10CM)
    return _CAUSE in _roles(diagnosis) or code[:1] in _EXTERNAL_CAUSE_CHAPTER


def _write_list(out: Transcript, elements: Sequence[Element]) -> None:
    for start in range(0, len(elements), _PER_SEGMENT):
        out.add("HI", *elements[start : start + _PER_SEGMENT])
