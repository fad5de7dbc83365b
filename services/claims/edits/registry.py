"""All edits, in the order in which their findings are shown; pure.

Place in the flow: `scrub_claim` in previews and before delivery; `run_edits` is its part for what is valid FHIR.
Invariant: which edits run follows from the date of service, the payer and the channel, never from today's date.
"""

from collections.abc import Sequence

from services.claims.edits.bundling import BUNDLING
from services.claims.edits.completeness import COMPLETENESS
from services.claims.edits.conformance import BUNDLE_RULES, FHIR_VALIDITY, LIMITS
from services.claims.edits.conventions import CONVENTIONS
from services.claims.edits.demographics import DEMOGRAPHICS
from services.claims.edits.electronic import ELECTRONIC
from services.claims.edits.fields import FIELDS
from services.claims.edits.filing import FILING
from services.claims.edits.inpatient import INPATIENT
from services.claims.edits.model import ClaimUnderEdit, Edit, EditContext
from services.claims.edits.modifiers import MODIFIERS
from services.claims.edits.necessity import NECESSITY
from services.claims.edits.providers import PROVIDERS
from services.claims.edits.repetition import REPETITION
from services.claims.edits.selection import choose_edits
from services.claims.edits.telehealth import TELEHEALTH_EDITS
from services.claims.edits.units import UNITS
from services.claims.edits.validity import VALIDITY
from shared.contracts.messages import Finding
from shared.proof.statements import hash_value

RULE_SET = "2026.5"
"""Goes up with every change of an edit."""

BILLING_EDITS: tuple[Edit, ...] = (
    *COMPLETENESS,
    *FIELDS,
    *PROVIDERS,
    *VALIDITY,
    *CONVENTIONS,
    *INPATIENT,
    *BUNDLING,
    *UNITS,
    *NECESSITY,
    *REPETITION,
    *FILING,
    *MODIFIERS,
    *TELEHEALTH_EDITS,
    *DEMOGRAPHICS,
    *LIMITS,
    *ELECTRONIC,
)
"""What a payer would refuse or ask about; they read a Claim that is valid FHIR."""

EDITS: tuple[Edit, ...] = (*BILLING_EDITS, BUNDLE_RULES)


def scrub_claim(subject: ClaimUnderEdit, edits: Sequence[Edit] = EDITS) -> tuple[Finding, ...]:
    """Run every edit that was in effect on the service date; on a Claim that is not FHIR, only that is found."""
    return FHIR_VALIDITY.scrub(subject) or run_edits(subject, edits)


def run_edits(subject: ClaimUnderEdit, edits: Sequence[Edit] = BILLING_EDITS) -> tuple[Finding, ...]:
    """Run `edits` and the payer's own rules on a Claim that is valid FHIR, those in effect on the service date."""
    chosen = choose_edits(subject, tuple(edits))
    return tuple(edit.report(hit) for edit in chosen for hit in edit.find(subject))


def name_rules(context: EditContext) -> dict[str, str]:
    """The versions of the rules that a claim is held to, by name, for the seal of its Bundle."""
    own = {rule.id: rule.version for rule in context.payer_rules}
    return {"edits": RULE_SET, **({"payer-rules": hash_value(own)} if own else {}), **context.reference.releases}


def is_sendable(findings: Sequence[Finding]) -> bool:
    """Tell whether nothing found is an error."""
    return all(finding.severity != "error" for finding in findings)
