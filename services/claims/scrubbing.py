"""Prices and builds a coding as its payer would get it, and runs every edit on the result; pure.

Place in the flow: `service.preparation` before a claim is queued, `service.preview` while a coder still decides. One
function for both, so that a preview says what preparation will say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.claims.build import BundleFrame, build_bundle
from services.claims.edits import BilledService, ClaimUnderEdit, EditContext, is_sendable, scrub_claim
from services.claims.payers import PayerProfile
from services.claims.pricing import price_claim
from shared.contracts.messages import ChartCoded, Finding, ResourceVersion


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A Bundle, what the edits found in it, and the context in which they looked."""

    bundle: bytes
    findings: tuple[Finding, ...]
    edits: EditContext

    @property
    def is_sendable(self) -> bool:
        """Whether nothing found is an error."""
        return is_sendable(self.findings)


def scrub_coding(
    coded: ChartCoded,
    frame: BundleFrame,
    payer_id: str,
    profile: PayerProfile,
    edits: EditContext,
    already_billed: Sequence[BilledService] = (),
) -> Scrubbed:
    """Price, build and scrub; raises ValueError when a body is not a JSON object."""
    context = replace(
        edits,
        payer=payer_id,
        channel=profile.channel,
        already_billed=tuple(already_billed),
        submitted_on=frame.built_at.date(),
    )
    bundle = build_bundle(_price(coded, context), frame)
    findings = scrub_claim(ClaimUnderEdit(bundle, profile.limits, coded.service_date, context))
    return Scrubbed(bundle, findings, context)


def _price(coded: ChartCoded, edits: EditContext) -> ChartCoded:
    claim = coded.claim
    body = price_claim(claim.body, edits.reference.prices, edits.payer, coded.service_date)
    priced = ResourceVersion.of(claim.resource_type, claim.resource_id, body, claim.version)
    return coded.model_copy(update={"claim": priced})
