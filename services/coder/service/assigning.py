"""What leads do to the queue: say whose chart it is, move it forward, and say what coders work on.

Invariant: a chart that is assigned anew while somebody has it is taken from them whole: their token is worth nothing
from the commit on, and their decisions stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.coder.place import Place
from services.coder.priority import PriorityWeights
from services.coder.queue_models import PlaceView
from services.coder.reach import Reach
from services.coder.service.answers import answer_once
from services.coder.store import arrivals, places, worklists
from services.coder.work_item import WorkItemId, WrongState
from services.coder.worklist import CoderDesk
from shared.audit.trail import record_change
from shared.contracts.errors import Forbidden, NotFound, RevisionChanged
from shared.postgres.answers import Repeatable
from shared.postgres.pool import Connection, Pool


@dataclass(frozen=True, slots=True)
class LeadRequest:
    """A lead's request about one work item, and as what it may come again."""

    lead: str
    reach: Reach
    work_item_id: WorkItemId
    repeatable: Repeatable | None = None


@dataclass(frozen=True)
class Assigning:
    """The use cases of leads."""

    pool: Pool
    weights: PriorityWeights

    async def assign(self, request: LeadRequest, assignee: str | None) -> PlaceView:
        """Give a chart to a coder, who gets it next, or to nobody; raises NotFound, WrongState and Forbidden."""

        async def act(connection: Connection) -> PlaceView:
            place = await _require_place(connection, request)
            if assignee and await places.is_own_record(connection, request.work_item_id, assignee):
                raise Forbidden("nobody codes their own record; choose another coder")
            if not await places.assign(connection, request.work_item_id, assignee, assigned_by=request.lead):
                raise WrongState(f"there is nothing to assign: the work item is {place.state}")
            await arrivals.announce_open(connection, [place.chart_id])
            return PlaceView.of(await _require_place(connection, request))

        return await answer_once(self.pool, request.repeatable, PlaceView, act)

    async def raise_chart(self, request: LeadRequest, *, raised: bool) -> PlaceView:
        """Move a chart forward, or let it fall back; doing it again changes nothing. Raises NotFound."""

        async def act(connection: Connection) -> PlaceView:
            await _require_place(connection, request)
            await places.raise_place(connection, request.work_item_id, self.weights, raised=raised)
            return PlaceView.of(await _require_place(connection, request))

        return await answer_once(self.pool, request.repeatable, PlaceView, act)

    async def list_coders(self, *, after: str, limit: int) -> Sequence[CoderDesk]:
        """List what coders work on, by subject."""
        return await worklists.list_coders(self.pool, after=after, limit=limit)

    async def find_coder(self, subject: str) -> CoderDesk:
        """Find what a coder works on; raises NotFound."""
        found = await worklists.find_coder(self.pool, subject)
        if found is None:
            raise NotFound("nothing was assigned to a coder of this name: all lists are theirs")
        return found

    async def put_coder(self, desk: CoderDesk, revision: int | None) -> CoderDesk:
        """Say what a coder works on; raises NotFound for an unknown list, and RevisionChanged."""
        async with self.pool.acquire() as connection, connection.transaction():
            known = {each.list_id for each in await worklists.list_worklists(connection)}
            if not known.issuperset(desk.lists):
                raise NotFound("there is no worklist with one of these ids", expression="lists")
            stored = await worklists.put_coder(connection, desk, revision)
            if stored is not None:
                await record_change(connection)
        if stored is None:
            raise RevisionChanged("somebody changed this desk; read it again, then change it")
        return stored

    async def delete_coder(self, subject: str) -> None:
        """Take a coder's limits away; raises NotFound."""
        async with self.pool.acquire() as connection, connection.transaction():
            if not await worklists.delete_coder(connection, subject):
                raise NotFound("nothing was assigned to a coder of this name")
            await record_change(connection)


async def _require_place(connection: Connection, request: LeadRequest) -> Place:
    place = await places.find_place(connection, request.lead, request.reach, request.work_item_id)
    if place is None:
        raise NotFound("there is no work item with this id")
    return place
