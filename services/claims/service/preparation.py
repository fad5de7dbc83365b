"""Scrubs and builds: a ready claim is queued with its Bundle, or goes back to the coder with findings.

Place in the flow: between `intake` and the lanes, in rounds. A claim whose chart has an earlier claim on its way waits
until that one is answered, since only then is it known whether it replaces something.
A claim is priced for its payer and judged beside what other charts of its patient bill.
Invariant: what is queued has no finding of severity error; its bytes, identifier and destination never change again.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services.claims.billed import Billed, Ledger, read_billed
from services.claims.build import BundleFrame, build_void
from services.claims.edits import BilledService, EditContext, name_rules
from services.claims.edits.overrides import Judgement, Override
from services.claims.payers import PayerProfile
from services.claims.scrubbing import scrub_coding
from services.claims.service.rule_tables import RuleTables
from services.claims.settings import ClaimsOptions
from services.claims.store import BilledStore, BuiltClaim, ClaimStore, ReadyClaim
from services.claims.store.override_store import OverrideStore, as_override
from shared.contracts.envelope import CONTENT_TYPE, Envelope
from shared.contracts.errors import ChartlineError
from shared.contracts.messages import ChartCoded, ClaimReturned, Finding
from shared.contracts.topics import Topic
from shared.postgres.outbox import Outbox, OutboxMessage
from shared.postgres.pool import Connection, Pool
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


@dataclass(frozen=True, slots=True)
class _Coding:
    """A ready claim, opened: None where its coding or the Claim in it cannot be read."""

    claim: ReadyClaim
    coded: ChartCoded | None
    billed: Billed | None
    overrides: tuple[Override, ...] = ()


class PreparationService:
    """Scrubs and builds ready claims."""

    def __init__(
        self,
        pool: Pool,
        schema: str,
        options: ClaimsOptions,
        rules: RuleTables | None = None,
        key: SigningKey | None = None,
    ) -> None:
        """`rules` has the reference data and payer rules, by default what is loaded here. `key` seals the Bundles."""
        self._pool = pool
        self._store = ClaimStore(schema)
        self._billed = BilledStore(schema)
        self._overrides = OverrideStore(schema)
        self._outbox = Outbox(schema)
        self._options = options
        self._rules = rules or RuleTables(pool, EditContext())
        self._key = key

    async def prepare_claims(self) -> int:
        """Prepare one batch in one transaction; returns how many claims left the state ready."""
        edits = await self._rules.open()
        async with self._pool.acquire() as connection, connection.transaction():
            taken = await self._store.take_ready(connection, self._options.preparation_batch)
            ready = await self._drop_idle_voids(connection, taken)
            codings = await self._add_overrides(connection, await asyncio.to_thread(_open_codings, ready))
            ledger = await self._open_ledger(connection, codings)
            results = await asyncio.to_thread(self._build_all, codings, edits, ledger)
            returned = await self._keep_results(connection, codings, results)
        _prepared.labels("queued").inc(len(ready) - returned)
        _prepared.labels("returned").inc(returned)
        return len(taken)

    async def _drop_idle_voids(self, connection: Connection, taken: Sequence[ReadyClaim]) -> list[ReadyClaim]:
        """Keep all but the voids whose payers, as is known by now, hold nothing."""
        idle = {claim.claim_id for claim in taken if claim.is_void and claim.original_id is None}
        if idle:
            await self._store.drop_voids(connection, idle)
        return [claim for claim in taken if claim.claim_id not in idle]

    async def _add_overrides(self, connection: Connection, codings: Sequence[_Coding]) -> list[_Coding]:
        rows = await self._overrides.read_overrides(connection, {coding.claim.chart_id for coding in codings})
        by_chart = {
            chart_id: tuple(as_override(row) for row in rows if row["chart_id"] == chart_id)
            for chart_id in {row["chart_id"] for row in rows}
        }
        return [replace(coding, overrides=by_chart.get(coding.claim.chart_id, ())) for coding in codings]

    async def _open_ledger(self, connection: Connection, codings: Sequence[_Coding]) -> Ledger:
        """What the batch's patients were billed for by now; until the transaction ends nobody else bills them."""
        asking = [coding.billed for coding in codings if coding.billed]
        await self._billed.lock_patients(connection, asking)
        return Ledger(await self._billed.find_billed(connection, asking))

    async def _keep_results(
        self, connection: Connection, codings: Sequence[_Coding], results: Sequence[BuiltClaim | Findings]
    ) -> int:
        """Queue what was built, with what it bills, and send the rest back; returns how many went back."""
        pairs = list(zip(codings, results, strict=True))
        built = [result for result in results if isinstance(result, BuiltClaim)]
        returned = {coding.claim: result for coding, result in pairs if not isinstance(result, BuiltClaim)}
        if built:
            await self._store.queue_claims(connection, built)
            ids = {claim.claim_id for claim in built}
            billed = {c.claim.claim_id: c.billed for c in codings if c.billed and c.claim.claim_id in ids}
            await self._billed.insert_billed(connection, billed)
        if returned:
            await self._store.draft_claims(connection, {claim.claim_id: found for claim, found in returned.items()})
            told = [_tell_coder(claim, found) for claim, found in returned.items() if not claim.is_void]
            await self._outbox.enqueue(connection, told)
        return len(returned)

    def _build_all(self, codings: Sequence[_Coding], edits: EditContext, ledger: Ledger) -> list[BuiltClaim | Findings]:
        results = []
        for coding in codings:
            results.append(self._build_or_return(coding, edits, ledger))
            if coding.billed and isinstance(results[-1], BuiltClaim):
                ledger.add(coding.billed)
        return results

    def _build_or_return(self, coding: _Coding, edits: EditContext, ledger: Ledger) -> BuiltClaim | Findings:
        claim = coding.claim
        profile = self._options.payers.get(claim.payer_id)
        if profile is None:
            return (PAYER_NOT_CONFIGURED,)
        if coding.coded is None:
            return (NOT_BUILDABLE,)
        try:
            if claim.original_bundle is not None:
                return self._void(claim, claim.original_bundle, profile, edits)
            beside = ledger.beside(coding.billed) if coding.billed else ()
            return self._build(coding, coding.coded, profile, edits, beside)
        except Exception as error:  # noqa: BLE001 - one claim that cannot be built must not hold up the others
            _log.error("claim-not-buildable", claim_id=claim.claim_id, exc_info=error)
            return (NOT_BUILDABLE,)

    def _build(
        self,
        coding: _Coding,
        coded: ChartCoded,
        profile: PayerProfile,
        edits: EditContext,
        beside: Sequence[BilledService],
    ) -> BuiltClaim | Findings:
        claim, frame = coding.claim, self._frame(coding.claim)
        scrubbed = scrub_coding(coded, frame, claim.payer_id, profile, edits, beside, coding.overrides)
        if not scrubbed.is_sendable:
            return scrubbed.findings
        return _finish(claim, self._seal(scrubbed.bundle, scrubbed.edits, frame), profile, scrubbed.judgement)

    def _void(
        self, claim: ReadyClaim, original: bytes, profile: PayerProfile, edits: EditContext
    ) -> BuiltClaim | Findings:
        """Take back what was sent as it was sent: no edit can find anything new in it."""
        frame = self._frame(claim)
        return _finish(claim, self._seal(build_void(original, frame), edits, frame), profile, Judgement((), ()))

    def _frame(self, claim: ReadyClaim) -> BundleFrame:
        return BundleFrame(
            claim.claim_id, datetime.now(UTC), str(self._options.base_url), claim.original_id, claim.original_number
        )

    def _seal(self, bundle: bytes, edits: EditContext, frame: BundleFrame) -> bytes:
        if self._key is None:
            return bundle
        return seal_bundle(bundle, self._key, rules=name_rules(edits), sealed_at=frame.built_at)


def _finish(claim: ReadyClaim, bundle: bytes, profile: PayerProfile, judgement: Judgement) -> BuiltClaim:
    return BuiltClaim(
        claim_id=claim.claim_id,
        channel=profile.channel,
        endpoint=profile.submit_url,
        bundle=bundle,
        bundle_sha256=hashlib.sha256(bundle).hexdigest(),
        findings=judgement.open,
        overridden=judgement.overridden,
        replaces=claim.original_id,
        deadline_seconds=profile.deadline_hours * 3600,
    )


def _open_codings(ready: Sequence[ReadyClaim]) -> list[_Coding]:
    return [_open_coding(claim) for claim in ready]


def _open_coding(claim: ReadyClaim) -> _Coding:
    try:
        coded = Envelope[ChartCoded].decode(claim.event).data
    except ChartlineError as error:
        _log.error("coding-not-readable", claim_id=claim.claim_id, exc_info=error)
        return _Coding(claim, None, None)
    return _Coding(claim, coded, None if claim.is_void else read_billed(coded, claim.payer_id))


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
