"""Sets warnings of our own edits aside for a chart, with a reason that stays on the record.

Place in the flow: before preparation or after it; whatever is prepared of the chart afterwards heeds it, and so does a
preview. Invariant: only an edit that warns can be overridden, never one whose finding is an error.
"""

from uuid import UUID

from services.claims.api_models import ROWS, RowPlace
from services.claims.denial_models import OverridePage, OverrideView
from services.claims.edits import BILLING_EDITS
from services.claims.edits.overrides import Override, OverrideRefused
from services.claims.service.rule_tables import RuleTables
from services.claims.store.override_store import OverrideStore
from shared.pages import cut_page
from shared.postgres.answers import Answers, Repeatable
from shared.postgres.pool import Connection, Pool


class OverrideService:
    """Keeps overrides."""

    def __init__(self, pool: Pool, schema: str, rules: RuleTables) -> None:
        self._pool = pool
        self._store = OverrideStore(schema)
        self._repeats = Answers(schema)
        self._rules = rules

    async def override(
        self, chart_id: UUID, override: Override, *, subject: str, request: Repeatable | None = None
    ) -> OverrideView:
        """Keep an override; raises OverrideRefused for an edit that is not there, or that stops a claim."""
        await self._require_warning(override.edit)

        async def keep(connection: Connection) -> OverrideView:
            override_id, created_at = await self._store.insert_override(connection, chart_id, override, subject=subject)
            return OverrideView(
                override_id=override_id,
                chart_id=chart_id,
                edit=override.edit,
                expression=override.expression,
                reason=override.reason,
                practitioner=override.by,
                created_at=created_at,
            )

        return await self._repeats.once(self._pool, request, OverrideView, keep)

    async def list_overrides(self, chart_id: UUID, *, after: int = 0, limit: int = 50) -> OverridePage:
        """Return a page of what was set aside for a chart, oldest first."""
        rows = await self._store.list_overrides(self._pool, chart_id, after=after, limit=limit + 1)
        shown, last = cut_page([OverrideView(**dict(row)) for row in rows], limit)
        return OverridePage(overrides=tuple(shown), next=ROWS.write(RowPlace(last.override_id)) if last else None)

    async def _require_warning(self, name: str) -> None:
        rules = (await self._rules.open()).payer_rules
        severities = {edit.id: edit.severity for edit in (*BILLING_EDITS, *rules)}
        if name not in severities:
            raise OverrideRefused("there is no edit with this id; findings name it", expression="edit")
        if severities[name] == "error":
            raise OverrideRefused("an error is corrected, never overridden", expression="edit")
