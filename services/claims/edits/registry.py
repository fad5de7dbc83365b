"""All edits, in the order in which their findings are shown; pure."""

from collections.abc import Sequence

from services.claims.edits.completeness import COMPLETENESS
from services.claims.edits.conformance import CONFORMANCE, FHIR_VALIDITY
from services.claims.edits.model import ClaimUnderEdit, Edit
from shared.contracts.messages import Finding

RULE_SET = "2026.1"
"""Goes up with every change of an edit."""

EDITS: tuple[Edit, ...] = (*COMPLETENESS, *CONFORMANCE)


def scrub_claim(subject: ClaimUnderEdit, edits: Sequence[Edit] = EDITS) -> tuple[Finding, ...]:
    """Run every edit that was in effect on the service date; on a Claim that is not FHIR, only that is found."""
    invalid = tuple(FHIR_VALIDITY.scrub(subject))
    if invalid:
        return invalid
    in_effect = (edit for edit in edits if edit.applies_on(subject.service_date))
    return tuple(finding for edit in in_effect for finding in edit.scrub(subject))


def is_sendable(findings: Sequence[Finding]) -> bool:
    """Tell whether nothing found is an error."""
    return all(finding.severity != "error" for finding in findings)
