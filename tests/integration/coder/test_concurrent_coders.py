"""Two hundred coders at once, killed at random: one owner a chart ever, and no decision or coding lost.

A kill is a client that goes away in the middle of a request, or a database connection that ends under one. Charts have
leads who assign them anew, holds come and go, leases expire and newer versions arrive meanwhile.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr

from services.coder import MIGRATION_PACKAGES, SCHEMA
from services.coder.chart_models import ChartView
from services.coder.decision_models import DecisionBatch
from services.coder.hold import HoldId, HoldReason, NewHold
from services.coder.reach import UNLIMITED
from services.coder.service.assigning import LeadRequest
from services.coder.service.deciding import Coder
from services.coder.service.suggesting import Suggesting
from services.coder.service.use_cases import UseCases
from services.coder.settings import QueueSettings
from services.coder.work_item import Lease, State
from shared.contracts.errors import ChartlineError
from shared.contracts.topics import Topic
from shared.postgres.migrate import migrate
from shared.postgres.pool import open_pool
from shared.postgres.settings import PostgresSettings
from tests.builders.charts import ready_chart, suggestion
from tests.integration.coder.conftest import Desk, accept_all, under
from tests.integration.coder.test_holds import REVIEW

CODERS, CHARTS, TURNS = 200, 40, 3
WITNESS = """
create table coder.second_owner (chart_id uuid, what text);
create function coder.watch_owner() returns trigger language plpgsql as $$
begin
    if old.state = 'leased' and new.state = 'leased' and new.lease_token <> old.lease_token then
        insert into coder.second_owner values (new.chart_id, 'leased twice');
    end if;
    return new;
end $$;
create trigger watch_owner after update on coder.work_item for each row execute function coder.watch_owner();
create function coder.watch_decider() returns trigger language plpgsql as $$
begin
    if not exists (
        select from coder.work_item
        where chart_id = new.chart_id and chart_version = new.chart_version and lease_holder = new.decided_by
    ) then
        insert into coder.second_owner values (new.chart_id, 'decided by who does not have it');
    end if;
    return new;
end $$;
create trigger watch_decider after insert on coder.decision for each row execute function coder.watch_decider();
"""
"""Says in the database itself when a chart has two owners, or a decision is not its owner's."""
_KILLED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, asyncio.CancelledError)
ADD = DecisionBatch.model_validate({"decisions": [{"action": "add", "code": {"system": "icd10cm", "code": "I10"}}]})


@pytest.fixture
async def crowd(postgres_dsn: str) -> AsyncIterator[Desk]:
    """The use cases over a database of their own, whose connections may be killed."""
    settings = PostgresSettings(dsn=SecretStr(postgres_dsn), pool_min_size=1, pool_max_size=12)
    async with open_pool(settings, application_name="crowd") as pool:
        await migrate(pool, schema=SCHEMA, packages=MIGRATION_PACKAGES)
        await pool.execute(WITNESS)
        cases = UseCases.over(pool, QueueSettings(lease_seconds=600))
        yield Desk(pool, cases, Suggesting(pool, "engine@test", 60.0))


@dataclass
class Known:
    """What was acknowledged to clients."""

    decisions: list[UUID] = field(default_factory=list)
    codings: list[tuple[UUID, int]] = field(default_factory=list)


@dataclass
class Client:
    """One coder, who may go away at any moment."""

    desk: Desk
    known: Known
    coder: Coder
    pick: random.Random

    async def work(self) -> None:
        """Take charts and do something with each; what a kill interrupts is begun anew with the next turn."""
        for _ in range(TURNS):
            with suppress(ChartlineError, *_KILLED):
                await self.kill_or_finish(self.turn())

    async def kill_or_finish(self, turn: Awaitable[None]) -> None:
        """Let a turn run to its end, or cancel it after a few steps of the loop."""
        task = asyncio.ensure_future(turn)
        if self.pick.random() < 0.3:
            for _ in range(self.pick.randint(1, 60)):
                await asyncio.sleep(0)
            task.cancel()
        await task

    async def turn(self) -> None:
        lease = await self.desk.cases.queue.lease_next(self.coder.subject)
        if lease is None:
            return
        view, _ = await self.desk.cases.charts.read_chart(lease.chart_id)
        stored = await self.desk.cases.deciding.decide(under(lease, self.coder), choose_batch(view))
        self.known.decisions += [decision.decision_id for decision in stored.decisions]
        await self.pick.choice(self.list_ends())(lease)

    def list_ends(self) -> list[Callable[[Lease], Awaitable[None]]]:
        """What a coder may do with a chart after deciding."""
        return [self.complete, self.complete, self.release, self.hold, self.walk_away]

    async def complete(self, lease: Lease) -> None:
        done = await self.desk.cases.completing.complete(under(lease, self.coder))
        self.known.codings.append((done.chart_id, done.coding_version))

    async def release(self, lease: Lease) -> None:
        await self.desk.cases.queue.release(lease.work_item_id, lease.token, self.coder.subject)

    async def hold(self, lease: Lease) -> None:
        new = NewHold(HoldReason.PENDING_REPORT, REVIEW)
        placed = await self.desk.cases.holding.place(under(lease, self.coder), new)
        if self.pick.random() < 0.7:
            await self.desk.cases.holding.lift(self.coder.subject, HoldId(placed.hold_id))

    async def walk_away(self, lease: Lease) -> None:
        """Leave without a word: the time of the lease passes."""
        await self.desk.expire(lease)


def choose_batch(view: ChartView) -> DecisionBatch:
    return accept_all(view) if view.undecided else ADD


async def disturb(desk: Desk, pick: random.Random, over: asyncio.Event) -> None:
    """Assign charts anew, bring newer versions, tidy, and end connections in the middle of what they do."""
    while not over.is_set():
        with suppress(ChartlineError, *_KILLED):
            item = await desk.pool.fetchrow("select * from coder.work_item order by random() limit 1")
            assert item is not None
            match pick.randint(0, 3):
                case 0:
                    request = LeadRequest("liz", UNLIMITED, item["work_item_id"])
                    assignee = pick.choice([None, "coder-1", "coder-2"])
                    await desk.cases.assigning.assign(request, assignee)
                case 1:
                    chart = ready_chart(item["chart_id"], item["chart_version"] + 1)
                    await desk.arrive(chart)
                    await desk.answer(suggestion())
                case 2:
                    await desk.cases.queue.tidy()
                case _:
                    await kill_a_connection(desk)
        await asyncio.sleep(0)


async def kill_a_connection(desk: Desk) -> None:
    await desk.pool.execute(
        """
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'crowd' and pid <> pg_backend_pid() and datname = current_database()
        order by random() limit 1
        """
    )


async def test_two_hundred_coders_under_random_kills_never_share_a_chart_or_lose_a_decision(crowd: Desk) -> None:
    pick, known, over = random.Random(7), Known(), asyncio.Event()
    for _ in range(CHARTS):
        await crowd.open_chart(suggestion())
    coders = [Coder(f"coder-{number}", f"Practitioner/{number}") for number in range(CODERS)]
    clients = [Client(crowd, known, coder, random.Random(coder.subject)) for coder in coders]
    disturbance = asyncio.create_task(disturb(crowd, pick, over))
    await asyncio.gather(*(client.work() for client in clients))
    over.set()
    await disturbance

    assert known.decisions
    assert known.codings
    assert await crowd.pool.fetch("select * from coder.second_owner") == []
    assert not [coding for coding, times in Counter(known.codings).items() if times > 1]
    stored = {row["decision_id"] for row in await crowd.pool.fetch("select decision_id from coder.decision")}
    assert stored.issuperset(known.decisions)
    rows = await crowd.pool.fetch("select chart_id, coding_version from coder.coding")
    assert {(row["chart_id"], row["coding_version"]) for row in rows}.issuperset(known.codings)
    published = await crowd.pool.fetchval("select count(*) from coder.outbox where topic = $1", Topic.CHART_CODED)
    assert published == len(rows)
    await require_whole_states(crowd)


async def require_whole_states(desk: Desk) -> None:
    """Holds are counted where they are, and what nobody has is open again when its time has passed."""
    wrong = await desk.pool.fetchval(
        """
        select count(*) from coder.work_item as item
        where holds <> (select count(*) from coder.hold where hold.chart_id = item.chart_id and lifted_at is null)
        """
    )
    assert wrong == 0
    await desk.pool.execute("update coder.work_item set lease_expires_at = now() where lease_token is not null")
    while await desk.cases.queue.tidy():
        pass
    assert State.LEASED not in {
        State(row["state"]) for row in await desk.pool.fetch("select state from coder.work_item")
    }
