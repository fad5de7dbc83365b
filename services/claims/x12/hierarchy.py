"""Who bills whom for whom: billing provider, subscriber, payer and patient, loops 2000A to 2010CA; pure.

Place in the flow: `write_claim` writes these before the claim information. Invariant: the patient is the subscriber
only where the Coverage says so; else there is a subscriber of his own, whom the Coverage names.
Source: 005010X222A1 and 005010X223A2, loops 1000A, 1000B, 2000A, 2000B, 2000C, 2320.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.claims.x12.coordination import Decision, read_decision, write_claim_decision, write_decision_day
from services.claims.x12.health_codes import in_order
from services.claims.x12.parties import (
    name_person,
    name_provider,
    specialties_of,
    write_address,
    write_demographics,
    write_tax_number,
    write_taxonomy,
)
from services.claims.x12.partner import X12Partner
from services.claims.x12.source import Node, Source
from services.claims.x12.transcript import Transcript

_RELATIONSHIPS = {"spouse": "01", "child": "19", "common": "53", "parent": "G8", "other": "G8", "injured": "41"}
_SELF = "18"
_RESPONSIBILITY = "PSTABCDEFGH"
"""SBR01: primary, secondary, tertiary, and so on."""


@dataclass(frozen=True, slots=True, eq=False)
class Insured:
    """One insurance of the claim: its coverage, who is insured by it, and the patient's relationship to that person."""

    insurance: Node
    coverage: Node
    subscriber: Node
    relationship: str

    @property
    def is_patient(self) -> bool:
        """Tell whether the patient is the subscriber."""
        return self.relationship == _SELF


def read_insured(out: Transcript, source: Source) -> list[Insured]:
    """The claim's insurances in order of their sequence, which is the order in which they pay."""
    insurances = in_order(source.claim.each("insurance"))
    fitting = out.at_most(len(_RESPONSIBILITY), insurances, "insurances")
    return [_read_one(out, source, insurance) for insurance in fitting]


def write_submitter(out: Transcript, partner: X12Partner) -> None:
    """Write loops 1000A and 1000B."""
    out.add("NM1", "41", "2", partner.submitter_name, "", "", "", "", "46", partner.sender_id)
    out.add("PER", "IC", partner.contact_name, "TE", partner.contact_phone)
    out.add("NM1", "40", "2", partner.receiver_name, "", "", "", "", "46", partner.receiver_id)


def write_billing_provider(out: Transcript, provider: Node) -> None:
    """Write loop 2000A."""
    out.add("HL", "1", "", "20", "1")
    write_taxonomy(out, "BI", *specialties_of(provider))
    name_provider(out, "85", provider)
    write_address(out, provider, required=True, full_zip=True)
    write_tax_number(out, provider)
    payments = [each for each in provider.each("address") if each.text("type") == "postal"]
    if payments and payments[0].path != provider.each("address")[0].path:
        out.add("NM1", "87", "2")
        write_address(out, Node(provider.path, {"address": payments[0].element}), required=True)


def write_subscriber(out: Transcript, insured: Insured, patient: Node, payer: Node, order: int, to: X12Partner) -> None:
    """Write loop 2000B and, for a dependent, 2000C. `order` is the insurance's place in the order of payment."""
    out.add("HL", "2", "1", "22", "0" if insured.is_patient else "1")
    _write_insurance(out, insured, order, to.filing_indicator, relationship=_SELF if insured.is_patient else "")
    person = patient if insured.is_patient else insured.subscriber
    _name_insured(out, insured, person)
    if insured.is_patient:
        write_address(out, person, required=True)
        write_demographics(out, person)
    elif write_address(out, person, required=False):
        write_demographics(out, person)
    out.add("NM1", "PR", "2", out.member(payer, "name", 60, required="a name"), "", "", "", "", "PI", to.payer_code)
    if not insured.is_patient:
        out.add("HL", "3", "2", "23", "0")
        out.add("PAT", insured.relationship)
        name_person(out, "QC", patient)
        write_address(out, patient, required=True)
        write_demographics(out, patient)


def write_other_insurances(
    out: Transcript,
    source: Source,
    insured_by: Sequence[Insured],
    focal: Insured,
    charges: Mapping[int, Decimal | None],
) -> list[Decision]:
    """Write a loop 2320 for every insurance but the focal one, which gets this claim.

    Returns what earlier payers decided, of which the lines say their part; `charges` are those of the lines by
    sequence. A claim goes to a later payer only with what each earlier one decided.
    """
    decisions = []
    for order, insured in enumerate(insured_by):
        if insured is not focal:
            decided = _write_other(out, source, insured, order, order < insured_by.index(focal), charges)
            decisions += [decided] if decided else []
    return decisions


def _write_other(
    out: Transcript,
    source: Source,
    insured: Insured,
    order: int,
    is_earlier: bool,
    charges: Mapping[int, Decimal | None],
) -> Decision | None:
    response = source.resolve(insured.insurance.get("claimResponse"))
    payer = source.resolve((insured.coverage.each("payor") or [Node(insured.coverage.at("payor[0]"))])[0])
    code = out.code(_any_identifier(payer), payer.at("identifier"), 80, required="an identifier of the payer")
    if not response and (is_earlier or insured.insurance.get("claimResponse")):
        out.miss(insured.insurance.at("claimResponse"), "what an earlier payer decided")
    decision = read_decision(out, response, code, charges) if response else None
    _write_insurance(out, insured, order, "CI", relationship=insured.relationship)
    if decision:
        write_claim_decision(out, decision)
    out.add("OI", "", "", "Y", "", "", "Y")
    _name_insured(out, insured, insured.subscriber)
    write_address(out, insured.subscriber, required=False)
    name = out.member(payer, "name", 60, required="a name")
    out.add("NM1", "PR", "2", name, "", "", "", "", "PI", code)
    if decision:
        write_decision_day(out, decision)
    return decision


def _read_one(out: Transcript, source: Source, insurance: Node) -> Insured:
    coverage = source.resolve(insurance.get("coverage"))
    subscriber = source.resolve(coverage.get("subscriber"))
    patient = source.resolve(source.claim.get("patient"))
    code = coverage.code_of("relationship")
    is_self = code == "self" or (not code and subscriber.element in ({}, patient.element))
    if not is_self and code not in _RELATIONSHIPS:
        out.refuse(coverage.at("relationship"), "the patient's relationship to the subscriber is none that X12 has")
    return Insured(
        insurance, coverage, patient if is_self else subscriber, _SELF if is_self else _RELATIONSHIPS.get(code, "")
    )


def _write_insurance(out: Transcript, insured: Insured, order: int, filing: str, *, relationship: str) -> None:
    classes = insured.coverage.each("class")
    group = next((each for each in classes if each.code_of("type") == "group"), Node(""))
    number = out.code(group.text("value"), group.at("value"), 50)
    name = "" if number else out.member(group, "name", 60)
    out.add("SBR", _RESPONSIBILITY[order], relationship, number, name, "", "", "", "", filing)


def _name_insured(out: Transcript, insured: Insured, person: Node) -> None:
    coverage = insured.coverage
    number = out.code(
        coverage.text("subscriberId"), coverage.at("subscriberId"), 80, required="the subscriber's member number"
    )
    name_person(out, "IL", person, qualifier="MI", number=number)


def _any_identifier(payer: Node) -> str:
    return next((each.text("value") for each in payer.each("identifier") if each.text("value")), "")
