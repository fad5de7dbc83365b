"""Anesthesia: services that are billed by the minute, and the procedures that they were given for; pure.

Place in the flow: `service_lines` asks which services need minutes, `claim_837` writes the procedures behind the
diagnoses. Modifiers (AA, QK, QX, ...) are written as they stand on the line, and never made up.
Source: 005010X222A1, loop 2300 HI (anesthesia related procedure) and SV103; CPT section numbers 00100 to 01999.
"""

from services.claims.x12.source import Node
from services.claims.x12.transcript import Transcript
from shared.fhir import systems

_FIRST, _LAST = "00100", "01999"
_BY_UNITS = frozenset({"01953", "01996"})
"""Each further part of a burn, and a day of care for a catheter, are not timed."""
_PROCEDURES = 2


def needs_minutes(code: str) -> bool:
    """Tell whether a service is anesthesia by time."""
    return _FIRST <= code <= _LAST and code.isdigit() and code not in _BY_UNITS


def write_anesthesia_procedures(out: Transcript, claim: Node) -> None:
    """Write HI*BP: the CPT codes of `Claim.procedure`, which on an 837P only anesthesia names."""
    procedures = claim.each("procedure")
    if not procedures:
        return
    services = [item.code_of("productOrService", systems.CPT) for item in claim.each("item")]
    if not any(map(needs_minutes, services)):
        out.refuse(procedures[0].path, "an 837P names procedures beside its lines for anesthesia only")
    concepts = [each.get("procedureCodeableConcept") for each in out.at_most(_PROCEDURES, procedures, "procedures")]
    codes = [out.code(each.code(systems.CPT), each.path, 30, required="a CPT code") for each in concepts]
    out.add("HI", *(("BO" if place else "BP", code) for place, code in enumerate(codes)))
