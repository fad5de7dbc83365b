"""A claim as 837P (005010X222A1) or 837I (005010X223A2), from the Bundle that was built for its payer; pure.

Place in the flow: the edits of the channel ask `find_obstacles` before a claim is queued; `service.files` writes it.
Invariants: the text is a function of Bundle, partner and control number, so the same claim is the same bytes; a claim
that X12 cannot carry whole is never written.
"""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from services.claims.x12.ambulance import write_stops
from services.claims.x12.anesthesia import write_anesthesia_procedures
from services.claims.x12.bill import Bill, read_bill
from services.claims.x12.care_team import read_care_givers, write_care_givers
from services.claims.x12.carried import find_uncarried
from services.claims.x12.claim_information import check_supporting_info, write_claim_information
from services.claims.x12.envelope import Kind, wrap_transaction
from services.claims.x12.health_codes import (
    write_bill_codes,
    write_institutional_diagnoses,
    write_procedures,
    write_professional_diagnoses,
)
from services.claims.x12.hierarchy import (
    Insured,
    read_insured,
    write_billing_provider,
    write_other_insurances,
    write_submitter,
    write_subscriber,
)
from services.claims.x12.partner import X12Partner
from services.claims.x12.service_lines import (
    Charges,
    read_charges,
    write_institutional_lines,
    write_professional_lines,
)
from services.claims.x12.source import Source
from services.claims.x12.transcript import Obstacle, Transcript
from shared.contracts.errors import InvalidContent

PROFESSIONAL, INSTITUTIONAL = Kind("HC", "837", "005010X222A1"), Kind("HC", "837", "005010X223A2")
_ACCOUNT_BYTES = 12
"""CLM01: payers give back 20 characters and no more; 96 bits in base 32 are that many."""

_ANYBODY = X12Partner(
    outbound=Path("out"),
    inbound=Path("in"),
    sender_id="SENDER",
    receiver_id="RECEIVER",
    submitter_name="SUBMITTER",
    contact_name="CONTACT",
    contact_phone="0000000000",
    receiver_name="RECEIVER",
    payer_code="PAYER",
)


def name_account(claim_id: UUID) -> str:
    """Return CLM01 of a claim, the patient control number, by which every answer names it: 20 characters A-Z, 2-7."""
    return base64.b32encode(claim_id.bytes[:_ACCOUNT_BYTES]).decode().rstrip("=")


def find_obstacles(bundle: bytes) -> tuple[Obstacle, ...]:
    """Return every place of a claim that an 837 cannot carry, whoever gets it; none is a claim that can be sent."""
    return tuple(dict.fromkeys(_write_body(Source(bundle), _ANYBODY, "ACCOUNT")[0].obstacles))


def write_claim(bundle: bytes, partner: X12Partner, control: int) -> str:
    """Write a claim without obstacles as one interchange; raises InvalidContent naming the first place of one that has
    any.

    `control` is the interchange control number, 1 to 999999999, which is of this claim for ever.
    """
    source = Source(bundle)
    out, bill = _write_body(source, partner, name_account(UUID(source.identifier)))
    if out.obstacles:
        raise InvalidContent(out.obstacles[0].detail, expression=out.obstacles[0].expression)
    kind = PROFESSIONAL if bill.is_professional else INSTITUTIONAL
    return wrap_transaction(out.segments, partner.route, kind, control, _built_at(source))


def _write_body(source: Source, partner: X12Partner, account: str) -> tuple[Transcript, Bill]:
    out = Transcript()
    claim = source.claim
    bill = read_bill(out, source)
    insured = read_insured(out, source)
    focal = next((each for each in insured if each.insurance.element.get("focal")), None)
    _write_beginning(out, source, partner, account)
    write_billing_provider(out, source.resolve(claim.get("provider")))
    if focal:
        patient, payer = source.resolve(claim.get("patient")), source.resolve(claim.get("insurer"))
        write_subscriber(out, focal, patient, payer, insured.index(focal), partner)
    else:
        out.miss("Claim.insurance.where(focal=true)", "the insurance that the claim goes to")
    charges = read_charges(claim)
    write_claim_information(out, source, bill, account, charges)
    _write_rest(out, source, bill, insured, focal, charges)
    check_supporting_info(out, source, bill)
    for path in find_uncarried(claim.element, is_professional=bill.is_professional):
        out.refuse(path, "X12 has no place for this element")
    return out, bill


def _write_beginning(out: Transcript, source: Source, partner: X12Partner, account: str) -> None:
    day, _, clock = _built_at(source).isoformat(timespec="minutes").partition("T")
    out.add("BHT", "0019", "00", account, day.replace("-", ""), clock[:5].replace(":", ""), "CH")
    write_submitter(out, partner)


def _write_rest(
    out: Transcript,
    source: Source,
    bill: Bill,
    insured: Sequence[Insured],
    focal: Insured | None,
    charges: Charges,
) -> None:
    givers = read_care_givers(out, source, is_professional=bill.is_professional)
    if bill.is_professional:
        pointers = write_professional_diagnoses(out, source.claim)
        write_anesthesia_procedures(out, source.claim)
        write_bill_codes(out, source.claim, only_conditions=True)
    else:
        write_institutional_diagnoses(out, source.claim, is_stay=bill.is_stay)
        write_procedures(out, source.claim)
        write_bill_codes(out, source.claim)
    write_care_givers(out, source, givers, is_professional=bill.is_professional)
    if bill.is_professional:
        write_stops(out, source)
    decisions = write_other_insurances(out, source, insured, focal, charges) if focal else []
    if bill.is_professional:
        write_professional_lines(out, source, pointers, givers, bill.facility, charges, decisions)
    else:
        write_institutional_lines(out, source, charges, decisions)


def _built_at(source: Source) -> datetime:
    """When the Bundle was built; a preview, which is never sent, may not say."""
    return datetime.fromisoformat(source.built_at) if source.built_at else datetime.min.replace(tzinfo=UTC)
