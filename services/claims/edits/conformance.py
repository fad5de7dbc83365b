"""Is it FHIR, and can the payer's channel carry it? Family of edits; pure."""

from collections.abc import Iterator

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit
from shared.fhir.bundle_rules import check_bundle
from shared.fhir.issues import Issue, errors_of
from shared.fhir.parse import Resource
from shared.fhir.validation import validate_resource

_FIRST_ENTRY = "Bundle.entry[0].resource"


def _find_invalid_elements(subject: ClaimUnderEdit) -> Iterator[Hit]:
    issues = validate_resource(Resource(body="", content=subject.claim))
    yield from (_hit(issue) for issue in errors_of(issues))


def _find_broken_bundle_rules(subject: ClaimUnderEdit) -> Iterator[Hit]:
    yield from (_hit(issue) for issue in check_bundle(subject.bundle))


def _hit(issue: Issue) -> Hit:
    return Hit(issue.expression.replace(_FIRST_ENTRY, "Claim", 1), f"{issue.rule}: {issue.message}")


def _find_too_many_diagnoses(subject: ClaimUnderEdit) -> Iterator[Hit]:
    limit = subject.limits.max_diagnoses
    if limit is not None and len(subject.claim.get("diagnosis") or ()) > limit:
        yield Hit(f"Claim.diagnosis[{limit}]")


def _find_too_large(subject: ClaimUnderEdit) -> Iterator[Hit]:
    if len(subject.bundle_bytes) > subject.limits.max_bundle_bytes:
        yield Hit("Bundle")


FHIR_VALIDITY = Edit(
    "fhir-r4",
    "HL7 FHIR R4 4.0.1, Claim, with the invariants of shared.fhir",
    "The Claim is not valid FHIR.",
    "Correct the element; if no coder can, it is a defect of Chartline.",
    _find_invalid_elements,
)
"""Runs before all others: they read elements that this one has found to be of their type."""

BUNDLE_RULES = Edit(
    "bundle-rules",
    "Da Vinci PAS 2.2, request Bundle; HL7 FHIR R4, Bundle references",
    "The Bundle cannot be read by its payer alone.",
    "Register what the claim refers to (patient, coverage, payer, provider) in the source system.",
    _find_broken_bundle_rules,
    owner="registration",
)
"""Walks the whole Bundle; the others look at its Claim and what that refers to."""

LIMITS = (
    Edit(
        "diagnosis-limit",
        "The payer's profile; X12 837P carries 12",
        "The claim has more diagnoses than this payer can take.",
        "Keep the diagnoses that matter most for the services billed.",
        _find_too_many_diagnoses,
    ),
    Edit(
        "bundle-size",
        "The payer's profile",
        "The claim with its documents is larger than this payer takes.",
        "Cite fewer documents, or ask for the payer's limit to be raised.",
        _find_too_large,
    ),
)
