"""Who gave the care: loops 2310, from the careTeam and the facility; pure.

Place in the flow: written after the claim information. Invariant: a role that X12 bills by has its loop, at most once;
who merely took part has none on any claim form.
Source: 005010X222A1 loops 2310A to 2310D, 005010X223A2 loops 2310A to 2310F; CARIN Blue Button C4BBClaimCareTeamRole.
"""

from dataclasses import dataclass

from services.claims.x12.parties import name_provider, read_npi, specialties_of, write_address, write_taxonomy
from services.claims.x12.source import Node, Source
from services.claims.x12.transcript import Transcript
from shared.fhir import systems

RENDERING = "82"
ATTENDING = "71"
_FACILITY = "77"
_PROFESSIONAL = {
    "referring": "DN",
    "rendering": RENDERING,
    "performing": RENDERING,
    "primary": RENDERING,
    "attending": RENDERING,
    "supervising": "DQ",
    "supervisor": "DQ",
}
_INSTITUTIONAL = {
    "attending": ATTENDING,
    "primary": ATTENDING,
    "operating": "72",
    "otheroperating": "ZZ",
    "rendering": RENDERING,
    "performing": RENDERING,
    "referring": "DN",
}
_TAKES_NO_PART_IN_BILLING = frozenset({"other", "assist", "pcp", "prescribing", "otherphysician", ""})
_PROFESSIONAL_ORDER = ("DN", RENDERING, _FACILITY, "DQ")
_INSTITUTIONAL_ORDER = (ATTENDING, "72", "ZZ", RENDERING, _FACILITY, "DN")
_WITH_TAXONOMY = {RENDERING: "PE", ATTENDING: "AT"}


@dataclass(frozen=True, slots=True)
class CareGiver:
    """A member of the care team with the code of its loop."""

    code: str
    member: Node
    provider: Node

    @property
    def sequence(self) -> int:
        """Its careTeam.sequence."""
        return self.member.sequence


def read_care_givers(out: Transcript, source: Source, *, is_professional: bool) -> list[CareGiver]:
    """The members of the care team that X12 bills by."""
    codes = _PROFESSIONAL if is_professional else _INSTITUTIONAL
    found: list[CareGiver] = []
    for member in source.claim.each("careTeam"):
        role = member.code_of("role")
        code = codes.get(role)
        if code:
            found.append(CareGiver(code, member, source.resolve(member.get("provider"))))
        elif role not in _TAKES_NO_PART_IN_BILLING:
            out.refuse(member.at("role"), "the claim form has no such role")
    return found


def write_care_givers(out: Transcript, source: Source, givers: list[CareGiver], *, is_professional: bool) -> None:
    """Write a loop for each role, in the order of the guide; a professional's colleagues are left to the lines."""
    for code in _PROFESSIONAL_ORDER if is_professional else _INSTITUTIONAL_ORDER:
        if code == _FACILITY:
            _write_facility(out, source)
            continue
        of_role = [giver for giver in givers if giver.code == code]
        if not (is_professional and code == RENDERING):
            out.at_most(1, [giver.member for giver in of_role], "provider of a role")
        for giver in of_role[:1]:
            write_care_giver(out, source, giver)
    if not is_professional and not any(giver.code == ATTENDING for giver in givers):
        out.miss("Claim.careTeam.where(role='attending')", "the attending provider")


def write_care_giver(out: Transcript, source: Source, giver: CareGiver) -> None:
    """Write the loop of one; a rendering provider who is the billing provider has none."""
    billing = source.resolve(source.claim.get("provider"))
    if giver.code == RENDERING and giver.provider.element == billing.element:
        return
    name_provider(out, giver.code, giver.provider)
    if giver.code in _WITH_TAXONOMY:
        concepts = (giver.member.get("qualification"), *specialties_of(giver.provider))
        write_taxonomy(out, _WITH_TAXONOMY[giver.code], *concepts)


def _write_facility(out: Transcript, source: Source) -> None:
    if not source.claim.get("facility"):
        return
    facility = source.resolve(source.claim.get("facility"))
    billing = source.resolve(source.claim.get("provider"))
    npi = facility.identifier(systems.NPI)
    if not facility or (npi and npi == billing.identifier(systems.NPI)):
        return
    name = out.member(facility, "name", 60, required="a name")
    npi = read_npi(out, facility, required=False)
    out.add("NM1", _FACILITY, "2", name, "", "", "", "", "XX" if npi else "", npi)
    write_address(out, facility, required=True, full_zip=True)
