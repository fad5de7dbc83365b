"""Scrubs and builds: a ready claim is queued with its Bundle, or goes back to the coder with findings.

Place in the flow: between `intake` and the lanes, in rounds. A claim whose chart has an earlier claim on its way waits
until that one is answered, since only then is it known whether it replaces something.
Invariant: what is queued has no finding of severity error; its bytes, identifier and destination never change again.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from services.claims.build import BundleFrame, build_bundle
from services.claims.edits import ClaimUnderEdit, EditContext, is_sendable, name_rules, scrub_claim
from services.claims.payers import PayerProfile
from services.claims.settings import ClaimsOptions
from services.claims.store import BuiltClaim, ClaimStore, ReadyClaim
from shared.contracts.envelope import CONTENT_TYPE, Envelope
from shared.contracts.messages import ChartCoded, ClaimReturned, Finding
from shared.contracts.topics import Topic
from shared.postgres.outbox import Outbox, OutboxMessage
from shared.postgres.pool import Pool
from shared.proof.keys import SigningKey
from shared.proof.seal import seal_bundle
from shared.telemetry.logging import get_logger
from shared.telemetry.metrics import counter

Findings = tuple[Finding, ...]

_log = get_logger(__name__)
_prepared = counter("chartline_claims_prepared_total", "Claims scrubbed and built.", ("result",))

NOT_BUILDABLE = Finding(
    edit="build-failed",
    severity="error",
    message="The claim could not be built from what the chart carries.",
    fix="Tell whoever runs Chartline: its log names the place. The chart can be completed again afterwards.",
)
PAYER_NOT_CONFIGURED = Finding(
    edit="payer-unknown",
    severity="error",
    message="The payer of this claim is no longer in the settings.",
    fix="Put the payer back into the settings, then complete the chart again.",
)


class PreparationService:
    """Scrubs and builds ready claims."""

    def __init__(
        self,
        pool: Pool,
        schema: str,
        options: ClaimsOptions,
        edits: EditContext | None = None,
        key: SigningKey | None = None,
    ) -> None:
        """`edits` has the reference data and payer rules; without it nothing is looked up. `key` seals the Bundles."""
        self._pool = pool
        self._store = ClaimStore(schema)
        self._outbox = Outbox(schema)
        self._options = options
        self._edits = edits or EditContext()
        self._key = key

    async def prepare_claims(self) -> int:
        """Prepare one batch in one transaction; returns how many claims left the state ready."""
        async with self._pool.acquire() as connection, connection.transaction():
            ready = await self._store.take_ready(connection, self._options.preparation_batch)
            results = await asyncio.to_thread(self._build_all, ready)
            built = [result for result in results if isinstance(result, BuiltClaim)]
            returned = {
                claim.claim_id: result
                for claim, result in zip(ready, results, strict=True)
                if not isinstance(result, BuiltClaim)
            }
            if built:
                await self._store.queue_claims(connection, built)
            if returned:
                await self._store.draft_claims(connection, returned)
                told = [claim for claim in ready if claim.claim_id in returned]
                await self._outbox.enqueue(connection, [_tell_coder(claim, returned[claim.claim_id]) for claim in told])
        _prepared.labels("queued").inc(len(built))
        _prepared.labels("returned").inc(len(returned))
        return len(ready)

    def _build_all(self, ready: Sequence[ReadyClaim]) -> list[BuiltClaim | Findings]:
        return [self._build_or_return(claim) for claim in ready]

    def _build_or_return(self, claim: ReadyClaim) -> BuiltClaim | Findings:
        profile = self._options.payers.get(claim.payer_id)
        if profile is None:
            return (PAYER_NOT_CONFIGURED,)
        try:
            return self._build(claim, profile)
        except Exception as error:  # noqa: BLE001 - one claim that cannot be built must not hold up the others
            _log.error("claim-not-buildable", claim_id=claim.claim_id, exc_info=error)
            return (NOT_BUILDABLE,)

    def _build(self, claim: ReadyClaim, profile: PayerProfile) -> BuiltClaim | Findings:
        coded = Envelope[ChartCoded].decode(claim.event).data
        frame = BundleFrame(
            claim.claim_id, datetime.now(UTC), str(self._options.base_url), claim.original_id, claim.original_number
        )
        bundle = build_bundle(coded, frame)
        context = replace(
            self._edits, payer=claim.payer_id, channel=profile.channel, submitted_on=frame.built_at.date()
        )
        findings = scrub_claim(ClaimUnderEdit(bundle, profile.limits, coded.service_date, context))
        if not is_sendable(findings):
            return findings
        bundle = self._seal(bundle, frame)
        return BuiltClaim(
            claim_id=claim.claim_id,
            channel=profile.channel,
            endpoint=profile.submit_url,
            bundle=bundle,
            bundle_sha256=hashlib.sha256(bundle).hexdigest(),
            findings=findings,
            replaces=claim.original_id,
            deadline_seconds=profile.deadline_hours * 3600,
        )

    def _seal(self, bundle: bytes, frame: BundleFrame) -> bytes:
        if self._key is None:
            return bundle
        return seal_bundle(bundle, self._key, rules=name_rules(self._edits), sealed_at=frame.built_at)


def _tell_coder(claim: ReadyClaim, findings: Findings) -> OutboxMessage:
    key = str(claim.chart_id)
    event = Envelope[ClaimReturned](
        source="chartline/claims",
        type=Topic.CLAIM_RETURNED,
        subject=key,
        data=ClaimReturned(chart_id=claim.chart_id, coding_version=claim.coding_version, findings=findings),
    )
    return OutboxMessage(
        topic=Topic.CLAIM_RETURNED,
        key=key,
        value=event.encode(),
        headers={"content-type": CONTENT_TYPE},
        message_id=str(event.id),
    )
