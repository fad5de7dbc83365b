"""Typed reads and writes of overridden warnings.

Place in the flow: `service` calls these inside its transactions; the statements are in `sql/denials.sql`.
Invariant: nothing here opens or ends a transaction; overrides are only ever inserted.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import asyncpg

from services.claims.edits.overrides import Override
from shared.postgres.pool import Connection, Executor
from shared.postgres.statements import Statements


class OverrideStore:
    """The overrides of one schema."""

    def __init__(self, schema: str) -> None:
        self._sql = Statements("services.claims", schema=schema)

    async def insert_override(
        self, connection: Connection, chart_id: UUID, override: Override, *, subject: str
    ) -> tuple[int, datetime]:
        """Keep an override; returns its id and time."""
        row = await self._sql.fetchrow(
            connection,
            "insert_override",
            chart_id=chart_id,
            edit=override.edit,
            expression=override.expression,
            reason=override.reason,
            subject=subject,
            practitioner=override.by,
        )
        assert row is not None  # noqa: S101 - an insert returns its row
        return row["override_id"], row["created_at"]

    async def list_overrides(
        self, connection: Executor, chart_id: UUID, *, after: int, limit: int
    ) -> list[asyncpg.Record]:
        """Read what was set aside for a chart, oldest first."""
        return await self._sql.fetch(connection, "list_overrides", chart_id=chart_id, after=after, limit=limit)

    async def read_overrides(self, connection: Executor, chart_ids: Collection[UUID]) -> list[asyncpg.Record]:
        """Read everything that was set aside for charts, oldest first."""
        return await self._sql.fetch(connection, "read_overrides", chart_ids=list(chart_ids))


def as_override(row: asyncpg.Record) -> Override:
    """An override as the edits know it."""
    return Override(row["edit"], row["reason"], row["practitioner"], row["expression"])
