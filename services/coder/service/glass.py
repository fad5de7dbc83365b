"""Who may see which chart, and opening one all the same.

Invariants: a chart that is closed to a caller is shown only while glass that they broke themselves is fresh; every
opening waits for the review of another person, who leads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.coder.glass import (
    AlreadyReviewed,
    BrokenGlass,
    ChartRestricted,
    GlassId,
    NotClosed,
    OwnReview,
)
from services.coder.glass_models import OpeningReview, OpeningView
from services.coder.reach import Reach
from services.coder.service.answers import answer_once
from services.coder.service.deciding import Coder
from services.coder.store import glass
from services.coder.work_item import ChartId
from shared.audit.event import BREAK_GLASS
from shared.audit.trail import name_entity, name_purpose
from shared.contracts.errors import NotFound
from shared.pages import Moment
from shared.postgres.answers import Repeatable
from shared.postgres.pool import Connection, Pool

_KINDS = {
    f"{name}_id": name.replace("_", "-") for name in ("chart", "work_item", "hold", "query", "thread", "difference")
}
"""The names of ids in paths that belong to a chart, and what they are ids of."""
_LISTED = 200


@dataclass(frozen=True)
class Glass:
    """The use cases around closed charts; `seconds` is how long one that was opened stays so."""

    pool: Pool
    seconds: float = 3600.0

    async def require_sight(self, subject: str, reach: Reach, path: Mapping[str, object]) -> None:
        """Raise ChartRestricted when an id in a request's path belongs to a chart that is closed to the caller.

        What is no id, or of nothing that there is, is left to the route.
        """
        for name, kind in _KINDS.items():
            entity_id = _read_id(path.get(name))
            sight = await glass.find_sight(self.pool, kind, entity_id, subject, reach) if entity_id else None
            if sight is None:
                continue
            name_entity("chart", sight.chart_id)
            if sight.barrier and sight.opened_until is None:
                raise ChartRestricted(sight.chart_id, sight.barrier)
            if sight.barrier:
                name_purpose(BREAK_GLASS)

    async def open_chart(
        self, caller: Coder, reach: Reach, chart_id: ChartId, reason: str, repeatable: Repeatable | None = None
    ) -> OpeningView:
        """Open a closed chart for a while; raises NotFound, and NotClosed where there is nothing to open."""

        async def act(connection: Connection) -> OpeningView:
            sight = await glass.find_sight(connection, "chart", chart_id, caller.subject, reach)
            if sight is None:
                raise NotFound("there is no chart with this id")
            if sight.barrier is None:
                raise NotClosed("this chart is open to you; read it")
            opened = await glass.insert_glass(
                connection,
                sight,
                subject=caller.subject,
                practitioner=caller.practitioner,
                reason=reason,
                seconds=self.seconds,
            )
            name_purpose(BREAK_GLASS)
            return OpeningView.of(opened)

        return await answer_once(self.pool, repeatable, OpeningView, act)

    async def list_unreviewed(self, after: Moment | None = None, limit: int = _LISTED) -> list[BrokenGlass]:
        """List what waits for a review, the oldest first."""
        return await glass.list_unreviewed(self.pool, after, limit)

    async def review(
        self, reviewer: str, glass_id: GlassId, found: OpeningReview, repeatable: Repeatable | None = None
    ) -> OpeningView:
        """Keep a lead's review; raises NotFound, AlreadyReviewed, and OwnReview for one's own opening."""

        async def act(connection: Connection) -> OpeningView:
            opening = await glass.find_glass(connection, glass_id)
            if opening is None:
                raise NotFound("no glass was broken under this id")
            if opening.subject == reviewer:
                raise OwnReview("another lead must review what you opened")
            if opening.outcome:
                raise AlreadyReviewed("this was reviewed before; its outcome stays")
            return OpeningView.of(await glass.keep_review(connection, glass_id, reviewer, found.outcome, found.note))

        return await answer_once(self.pool, repeatable, OpeningView, act)


def _read_id(found: object) -> UUID | None:
    try:
        return UUID(str(found)) if found else None
    except ValueError:
        return None
