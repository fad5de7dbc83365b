"""Typed reads and writes of the claims schema.

Place in the flow: `service` calls these inside its transactions; the statements are in `sql/`.
Invariant: nothing here opens or ends a transaction.
"""

import json
from collections.abc import AsyncIterable, Collection, Mapping, Sequence
from uuid import UUID

import asyncpg

from services.claims.claim import Channel, PayerId, State
from services.claims.edits.overrides import Overridden
from services.claims.store.rows import (
    AttemptKey,
    AttemptReport,
    BuiltClaim,
    CodingKey,
    NewClaim,
    NewCoding,
    NewVoid,
    PlannedClaim,
    Progress,
    ReadyClaim,
    TakenClaim,
    Terms,
)
from shared.contracts.messages import Finding
from shared.postgres.pool import Connection, Executor
from shared.postgres.statements import Statements


class ClaimStore:
    """The tables of one schema."""

    def __init__(self, schema: str) -> None:
        self._sql = Statements("services.claims", schema=schema)

    async def lock_charts(self, connection: Connection, chart_ids: Collection[UUID]) -> dict[UUID, Progress]:
        """Lock the charts and return how far each is."""
        rows = await self._sql.fetch(connection, "lock_charts", chart_ids=sorted(chart_ids))
        return {row["chart_id"]: Progress(row["coding_version"], row["withdrawn_coding"]) for row in rows}

    async def find_codings(self, connection: Connection, keys: Collection[CodingKey]) -> dict[CodingKey, str]:
        """Return the hash of the Claim of each of these codings that is known."""
        charts, versions = [key[0] for key in keys], [key[1] for key in keys]
        rows = await self._sql.fetch(connection, "find_codings", chart_ids=charts, coding_versions=versions)
        return {(row["chart_id"], row["coding_version"]): row["claim_sha256"] for row in rows}

    async def insert_codings(self, connection: Connection, codings: Sequence[NewCoding]) -> None:
        """Keep codings."""
        await self._sql.execute(
            connection,
            "insert_codings",
            chart_ids=[coding.chart_id for coding in codings],
            coding_versions=[coding.coding_version for coding in codings],
            chart_versions=[coding.chart_version for coding in codings],
            claim_sha256s=[coding.claim_sha256 for coding in codings],
            events=[coding.event for coding in codings],
        )

    async def insert_claims(self, connection: Connection, claims: Sequence[NewClaim]) -> None:
        """Make these the claims of their charts; the effective ones before them give way to the newest."""
        newest = [claim for claim in claims if claim.superseded_by is None]
        charts = [claim.chart_id for claim in newest]
        await self._sql.execute(
            connection,
            "supersede_claims",
            chart_ids=charts,
            claim_ids=[claim.claim_id for claim in newest],
            payer_ids=[claim.payer_id for claim in newest],
        )
        await self._sql.execute(
            connection,
            "insert_claims",
            claim_ids=[claim.claim_id for claim in claims],
            chart_ids=[claim.chart_id for claim in claims],
            coding_versions=[claim.coding_version for claim in claims],
            payer_ids=[claim.payer_id for claim in claims],
            superseded_bys=[claim.superseded_by for claim in claims],
        )
        versions = [claim.coding_version for claim in newest]
        await self._sql.execute(connection, "advance_charts", chart_ids=charts, coding_versions=versions)

    async def find_held(
        self, connection: Connection, charts: Mapping[UUID, PayerId | None]
    ) -> list[tuple[UUID, PayerId]]:
        """Return chart and payer of what payers hold, but for the payer that is named beside each chart."""
        rows = await self._sql.fetch(connection, "find_held", chart_ids=list(charts), payer_ids=list(charts.values()))
        return [(row["chart_id"], PayerId(row["payer_id"])) for row in rows]

    async def insert_voids(self, connection: Connection, voids: Sequence[NewVoid]) -> None:
        """Make these voids the effective claims of their charts at their payers."""
        where = {
            "claim_ids": [void.claim_id for void in voids],
            "chart_ids": [void.chart_id for void in voids],
            "payer_ids": [void.payer_id for void in voids],
        }
        versions = [void.coding_version for void in voids]
        await self._sql.execute(connection, "give_way_to_voids", **where)
        await self._sql.execute(connection, "insert_voids", **where, coding_versions=versions)

    async def withdraw_charts(self, connection: Connection, withdrawn: Mapping[UUID, int]) -> None:
        """Bill nothing of these charts up to the coding beside each, and drop what was never sent of them."""
        versions = list(withdrawn.values())
        await self._sql.execute(connection, "withdraw_charts", chart_ids=list(withdrawn), coding_versions=versions)
        await self._sql.execute(connection, "drop_unsent", chart_ids=list(withdrawn))

    async def drop_voids(self, connection: Connection, claim_ids: Collection[UUID]) -> None:
        """End voids that have nothing to take back."""
        await self._sql.execute(connection, "drop_voids", claim_ids=list(claim_ids))

    async def take_ready(self, connection: Connection, limit: int) -> list[ReadyClaim]:
        """Lock claims that can be prepared now."""
        rows = await self._sql.fetch(connection, "take_ready", limit=limit)
        return [ReadyClaim(**dict(row)) for row in rows]

    async def queue_claims(self, connection: Connection, built: Sequence[BuiltClaim]) -> None:
        """Fix bytes and destination of claims, and make them due."""
        await self._sql.execute(
            connection,
            "queue_claims",
            claim_ids=[claim.claim_id for claim in built],
            channels=[claim.channel for claim in built],
            endpoints=[claim.endpoint for claim in built],
            bundles=[claim.bundle for claim in built],
            bundle_sha256s=[claim.bundle_sha256 for claim in built],
            findings=[print_findings(claim.findings) for claim in built],
            overriddens=[_print_overridden(claim.overridden) for claim in built],
            replaces=[claim.replaces for claim in built],
            deadline_seconds=[claim.deadline_seconds for claim in built],
        )

    async def draft_claims(self, connection: Connection, findings: dict[UUID, tuple[Finding, ...]]) -> None:
        """Put claims with errors back to draft."""
        texts = [print_findings(found) for found in findings.values()]
        await self._sql.execute(connection, "draft_claims", claim_ids=list(findings), findings=texts)

    async def take_due(
        self, connection: Connection, payer_id: str, channel: Channel, *, limit: int, lease_seconds: float
    ) -> list[TakenClaim]:
        """Lease the due claims of a lane and begin an attempt of each."""
        rows = await self._sql.fetch(
            connection,
            "take_due",
            payer_id=payer_id,
            channel=channel,
            limit=limit,
            lease_seconds=lease_seconds,
        )
        return [_taken(row) for row in rows]

    async def renew_leases(self, connection: Executor, held: Sequence[TakenClaim], lease_seconds: float) -> None:
        """Keep the claims of attempts that are still on their way."""
        ids, attempts = [claim.claim_id for claim in held], [claim.attempt for claim in held]
        await self._sql.execute(
            connection, "renew_leases", claim_ids=ids, attempts=attempts, lease_seconds=lease_seconds
        )

    async def lock_attempts(
        self, connection: Connection, ended: Collection[AttemptKey]
    ) -> tuple[dict[UUID, State], dict[AttemptKey, Terms]]:
        """Lock the claims of attempts; returns their states, and the terms of the attempts that still hold a lease."""
        ids, attempts = [key[0] for key in ended], [key[1] for key in ended]
        rows = await self._sql.fetch(connection, "lock_attempts", claim_ids=ids, attempts=attempts)
        states = {row["claim_id"]: State(row["state"]) for row in rows}
        return states, {(row["claim_id"], row["attempt"]): _terms(row) for row in rows if row["held"]}

    async def finish_submissions(self, connection: Connection, reports: Mapping[AttemptKey, AttemptReport]) -> None:
        """Put the ends of attempts on the record."""
        await self._sql.execute(
            connection,
            "finish_submissions",
            claim_ids=[key[0] for key in reports],
            attempts=[key[1] for key in reports],
            outcomes=[report.outcome for report in reports.values()],
            tries=[report.tries for report in reports.values()],
            status_codes=[report.status_code for report in reports.values()],
            reasons=[report.reason for report in reports.values()],
            issue_codes=[" ".join(report.issue_codes) for report in reports.values()],
        )

    async def plan_attempts(self, connection: Connection, plans: Sequence[PlannedClaim]) -> None:
        """End the leases of claims, with the state and the next attempt that follow."""
        await self._sql.execute(
            connection,
            "plan_attempts",
            claim_ids=[planned.claim_id for planned in plans],
            states=[planned.plan.state for planned in plans],
            next_attempt_ats=[planned.plan.next_attempt_at for planned in plans],
            reasons=[planned.report.reason for planned in plans],
            codes=[" ".join(planned.report.issue_codes) for planned in plans],
        )

    async def end_overdue(self, connection: Executor, payer_id: str, channel: Channel) -> None:
        """End the waiting of a lane's claims whose deadline passed."""
        await self._sql.execute(connection, "end_overdue", payer_id=payer_id, channel=channel)

    async def requeue_claim(self, connection: Executor, claim_id: UUID, deadline_seconds: float) -> bool:
        """Give an undelivered claim another term; False when it is in another state."""
        changed = await self._sql.fetchval(
            connection, "requeue_claim", claim_id=claim_id, deadline_seconds=deadline_seconds
        )
        return changed is not None

    async def lock_claims(self, connection: Connection, claim_ids: Collection[UUID]) -> dict[UUID, State]:
        """Lock claims and return their states; unknown ids are left out."""
        rows = await self._sql.fetch(connection, "lock_claims", claim_ids=list(claim_ids))
        return {row["claim_id"]: State(row["state"]) for row in rows}

    async def read_bundles(self, connection: Connection, claim_ids: Collection[UUID]) -> dict[UUID, bytes]:
        """Return what was sent of claims."""
        rows = await self._sql.fetch(connection, "read_bundles", claim_ids=list(claim_ids))
        return {row["claim_id"]: row["bundle"] for row in rows}

    async def get_claim(self, connection: Executor, claim_id: UUID) -> asyncpg.Record | None:
        """Read one claim, as `api_models.ClaimView` shows it."""
        return await self._sql.fetchrow(connection, "get_claim", claim_id=claim_id)

    async def list_claims(
        self, connection: Executor, *, state: State | None, after: UUID | None, limit: int
    ) -> list[asyncpg.Record]:
        """Read claims in order of id."""
        return await self._sql.fetch(connection, "list_claims", state=state, after=after, limit=limit)

    async def list_submissions(
        self, connection: Executor, claim_id: UUID, *, after: int, limit: int
    ) -> list[asyncpg.Record]:
        """Read attempts of a claim, as `api_models.SubmissionView` shows them."""
        return await self._sql.fetch(connection, "list_submissions", claim_id=claim_id, after=after, limit=limit)

    async def take_inquiries(self, connection: Executor, payer_id: str, hours: float, limit: int) -> list[UUID]:
        """Return claims whose payer is to be asked for its decision now."""
        rows = await self._sql.fetch(connection, "take_inquiries", payer_id=payer_id, hours=hours, limit=limit)
        return [row["claim_id"] for row in rows]

    def read_decided(self, connection: Connection, rows_a_fetch: int) -> AsyncIterable[asyncpg.Record]:
        """Yield every claim that a payer decided, as it was sent, with its fate."""
        return self._sql.cursor(connection, "read_decided", rows_a_fetch)

    async def count_claims(self, connection: Executor) -> list[asyncpg.Record]:
        """Count claims by payer, channel and state."""
        return await self._sql.fetch(connection, "count_claims")

    async def count_submissions(self, connection: Executor) -> dict[str, int]:
        """Count attempts by outcome."""
        return {row["outcome"]: row["count"] for row in await self._sql.fetch(connection, "count_submissions")}

    async def find_unbalanced_charts(self, connection: Executor, limit: int) -> list[UUID]:
        """Return charts without exactly one effective claim for their newest coding."""
        rows = await self._sql.fetch(connection, "find_unbalanced_charts", limit=limit)
        return [row["chart_id"] for row in rows]


def print_findings(findings: Sequence[Finding]) -> str:
    """Return findings as JSON text."""
    return json.dumps([finding.model_dump(mode="json") for finding in findings])


def _print_overridden(overridden: Sequence[Overridden]) -> str:
    """Findings with the reasons for which they do not count, as JSON text, as `api_models.ClaimView` shows them."""
    return json.dumps(
        [
            {"finding": each.finding.model_dump(mode="json"), "reason": each.override.reason, "by": each.override.by}
            for each in overridden
        ]
    )


def _terms(row: asyncpg.Record) -> Terms:
    return Terms(State(row["state"]), row["queued_at"], row["deadline_at"], row["now"])


def _taken(row: asyncpg.Record) -> TakenClaim:
    return TakenClaim(
        claim_id=row["claim_id"],
        payer_id=PayerId(row["payer_id"]),
        endpoint=row["endpoint"],
        bundle=row["bundle"],
        attempt=row["attempt"],
        terms=_terms(row),
    )
