"""Prices and builds a coding as its payer would get it, and runs every edit on the result; pure.

Place in the flow: `service.preparation` before a claim is queued, `service.preview` while a coder still decides. One
function for both, so that a preview says what preparation will say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.claims.build import BundleFrame, build_bundle
from services.claims.edits import BilledService, ClaimUnderEdit, EditContext, is_sendable, scrub_claim
from services.claims.edits.overrides import Judgement, Override, apply_overrides
from services.claims.payers import PayerProfile
from services.claims.pricing import price_claim
from shared.contracts.messages import ChartCoded, Finding, ResourceVersion


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A Bundle, what the edits found in it, open or overridden, and the context in which they looked.

    `holds_warnings` says whether the payer's claims wait until every warning is overridden.
    """

    bundle: bytes
    judgement: Judgement
    edits: EditContext
    holds_warnings: bool = False

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What still counts."""
        return self.judgement.open

    @property
    def is_sendable(self) -> bool:
        """Whether nothing that still counts is an error, nor a warning where these hold a claim."""
        held = self.holds_warnings and any(each.severity == "warning" for each in self.findings)
        return is_sendable(self.findings) and not held


def scrub_coding(
    coded: ChartCoded,
    frame: BundleFrame,
    payer_id: str,
    profile: PayerProfile,
    edits: EditContext,
    already_billed: Sequence[BilledService] = (),
    overrides: Sequence[Override] = (),
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
    return Scrubbed(bundle, apply_overrides(findings, overrides), context, profile.warnings == "return")


def _price(coded: ChartCoded, edits: EditContext) -> ChartCoded:
    claim = coded.claim
    body = price_claim(claim.body, edits.reference.prices, edits.payer, coded.service_date)
    priced = ResourceVersion.of(claim.resource_type, claim.resource_id, body, claim.version)
    return coded.model_copy(update={"claim": priced})
