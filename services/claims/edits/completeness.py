"""Is everything there that any payer needs? Family of edits; pure."""

from collections.abc import Iterator

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit
from services.claims.edits.view import Element

_R4_CLAIM = "HL7 FHIR R4 4.0.1, Claim"
_X12 = "x12"


def _find_not_active(subject: ClaimUnderEdit) -> Iterator[Hit]:
    if subject.claim.get("status") != "active":
        yield Hit("Claim.status")


def _find_other_use(subject: ClaimUnderEdit) -> Iterator[Hit]:
    if subject.claim.get("use") != "claim":
        yield Hit("Claim.use")


def _find_missing_parties(subject: ClaimUnderEdit) -> Iterator[Hit]:
    for name in ("patient", "provider"):
        if not _names_someone(subject.claim.get(name)):
            yield Hit(f"Claim.{name}")
    for path, insurance in subject.each("insurance"):
        if not _names_someone(insurance.get("coverage")):
            yield Hit(f"{path}.coverage")


def _names_someone(reference: Element | None) -> bool:
    return reference is not None and bool(reference.get("reference") or reference.get("identifier"))


def _find_no_diagnosis(subject: ClaimUnderEdit) -> Iterator[Hit]:
    if not subject.claim.get("diagnosis"):
        yield Hit("Claim.diagnosis")


def _find_uncoded_diagnosis(subject: ClaimUnderEdit) -> Iterator[Hit]:
    for path, diagnosis in subject.each("diagnosis"):
        codings = (diagnosis.get("diagnosisCodeableConcept") or {}).get("coding") or ()
        if "diagnosisReference" not in diagnosis and not any(coding.get("code") for coding in codings):
            yield Hit(path)


def _find_unpriced(subject: ClaimUnderEdit) -> Iterator[Hit]:
    """Where the channel cannot carry a line without a price, and where a charge master of the day should have one."""
    needed, prices = subject.context.channel == _X12, subject.reference.prices
    if not needed and not prices:
        return
    for line, item in zip(subject.view.lines, subject.claim.get("item") or (), strict=True):
        if not item.get("unitPrice") and (needed or (line.day and prices.holds_on(line.day))):
            yield Hit(f"{line.path}.unitPrice")


COMPLETENESS = (
    Edit(
        "claim-status",
        _R4_CLAIM,
        "A claim that goes to a payer has the status active.",
        "Complete the chart again; a draft or cancelled Claim cannot be billed.",
        _find_not_active,
    ),
    Edit(
        "claim-use",
        _R4_CLAIM,
        "The use of the Claim is not claim.",
        "Preauthorizations and predeterminations are not sent from here.",
        _find_other_use,
    ),
    Edit(
        "party-missing",
        _R4_CLAIM,
        "The claim does not say who the patient, the provider or the coverage is.",
        "Register the patient's coverage, or the provider of the encounter, in the source system.",
        _find_missing_parties,
        owner="registration",
    ),
    Edit(
        "diagnosis-missing",
        "CMS-1500 and UB-04 instructions: at least one diagnosis",
        "The claim has no diagnosis.",
        "Accept or add at least one diagnosis.",
        _find_no_diagnosis,
    ),
    Edit(
        "diagnosis-uncoded",
        _R4_CLAIM,
        "A diagnosis has no code.",
        "Give the diagnosis a code.",
        _find_uncoded_diagnosis,
        needs=frozenset({"uncoded diagnosis"}),
    ),
    Edit(
        "price-missing",
        "X12 837P, SV102; 837I, SV203; the charge master of the day",
        "A line has no price for its service, modifiers, payer and day.",
        "Whoever keeps the charge master: add the service and load it with chartline codesets load fees.",
        _find_unpriced,
        owner="operator",
    ),
)
