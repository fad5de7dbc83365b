"""Payers that hang, dawdle, come and go, lie and refuse, side by side with one that is well.

Each delays only itself; every claim ends where its payer and our books agree; none is effective twice. In CI they run
for a whole minute, most of which is waiting; elsewhere for a few seconds, or for `BAD_PAYERS_SECONDS`.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count, cycle

import pytest
from prometheus_client import REGISTRY

from services.claims.breaker import Breaker, BreakerState, BreakerTerms
from services.claims.claim import PayerId, State
from services.claims.payers import PayerLimits
from services.claims.settings import ClaimsOptions
from services.simulators.payer_desk import Mode
from shared.postgres.pool import Pool
from tests.integration.claims.conftest import PATIENCE_SECONDS, Clinic, Payers, fhir_profile
from tests.unit.claims.codings import coded_chart

SECONDS = float(os.environ.get("BAD_PAYERS_SECONDS", "60" if os.environ.get("CI") == "true" else "3"))
WAVE_SECONDS = 0.5
"""How long a payer that comes and goes stays as it is."""
WAVES = max(6, int(SECONDS / 5))
"""How many times claims are brought, evenly over the time, so that a longer one costs waiting and little else."""
BAD = {
    "hung": (Mode.TIMEOUT,),
    "slow": (Mode.SLOW,),
    "flapping": (Mode.FAIL, Mode.ACCEPT),
    "lying": (Mode.DROP_ANSWER,),
    "refusing": (Mode.REJECT,),
}
WELL = "well"
QUICK = BreakerTerms(failures_to_open=2, open_seconds=0.05, longest_open_seconds=0.2)
CODE = re.compile(r"[A-Za-z0-9-]{1,40}")


@pytest.fixture
def clinic(claims_pool: Pool, payers: Payers) -> Clinic:
    """A service that sends to all of them with short times."""
    profiles = {
        name: fhir_profile(
            f"{payers.base}/{name}/fhir",
            payors=(f"Organization/payer-{name}",),
            answer_timeout_seconds=0.4 if name == "hung" else PATIENCE_SECONDS,
            tries_per_attempt=2,
            breaker=QUICK,
            limits=PayerLimits(max_in_flight=4),
        )
        for name in (WELL, *BAD)
    }
    return Clinic(claims_pool, ClaimsOptions(payers=profiles, default_payer=WELL))


async def test_bad_payers_delay_only_themselves_and_lose_nothing(clinic: Clinic, payers: Payers) -> None:
    async with _all_lanes(clinic), asyncio.timeout(SECONDS + 3 * PATIENCE_SECONDS):
        async with asyncio.TaskGroup() as group:
            misbehaving = [group.create_task(_misbehave(payers, name)) for name in BAD]
            await _bring_claims(clinic)
            await _until_settled(clinic, WELL, "refusing")
            assert (await _states(clinic, "hung")).keys() == {State.QUEUED}
            assert (await _states(clinic, "lying")).keys() == {State.QUEUED}
            for task in misbehaving:
                task.cancel()
        for name in BAD:
            payers.desk.set_mode(Mode.REJECT if name == "refusing" else Mode.ACCEPT, name)
        await _until_settled(clinic, WELL, *BAD)
    for name in (WELL, *BAD):
        await _check_books(clinic, payers, name)
    assert (await clinic.overview.count_claims()).unbalanced_charts == ()
    await _check_records(clinic)


async def test_an_outage_costs_no_attempts_and_its_end_brings_no_duplicate(clinic: Clinic, payers: Payers) -> None:
    breaker, hours = _slow_breaker(clinic)
    payers.desk.set_mode(Mode.FAIL)
    await clinic.arrive(*(coded_chart() for _ in range(60)))
    while await clinic.preparation.prepare_claims():
        pass
    async with clinic.lane(WELL), asyncio.timeout(PATIENCE_SECONDS):
        while breaker.state is BreakerState.CLOSED or await _is_in_flight(clinic):
            await asyncio.sleep(0.02)
        views = {each.payer_id: each.breaker for each in (await clinic.overview.count_claims()).breakers}
        assert (views[WELL].state, views[WELL].reason) == (BreakerState.OPEN, "http-503")
    assert _metric() == 1.0
    attempted = await clinic.pool.fetchval("select count(*) from claims.claim where attempts > 0")
    assert attempted <= 4 + QUICK.failures_to_open
    payers.desk.set_mode(Mode.ACCEPT)
    next(hours)
    assert breaker.room(4, in_flight=0) == 1
    async with clinic.lane(WELL), asyncio.timeout(2 * PATIENCE_SECONDS):
        await _until_settled(clinic, WELL)
    counts = payers.desk.count_received(WELL)
    assert (counts["identifiers"], counts["resent"], counts["effective_claims"]) == (60, 0, 60)
    assert (breaker.room(4, in_flight=0), _metric()) == (4, 0.0)


async def test_a_database_that_goes_away_for_a_moment_costs_no_repetition(
    clinic: Clinic, payers: Payers, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: dict[str, int] = {}

    def fail_twice(name: str) -> None:
        work = getattr(clinic.sending, name)

        async def flaky(*arguments: object) -> object:
            failures[name] = failures.get(name, 0) + 1
            if failures[name] <= 2:
                raise ConnectionResetError
            return await work(*arguments)

        monkeypatch.setattr(clinic.sending, name, flaky)

    fail_twice("take_due")
    fail_twice("record_attempts")
    claim_id = await clinic.queue(coded_chart())
    await clinic.deliver(claim_id, WELL, State.ACCEPTED)
    assert failures["record_attempts"] == 3
    assert await clinic.attempts(claim_id) == [("answered", 1, 200, None)]
    assert payers.desk.count_received(WELL)["resent"] == 0


async def test_behind_an_open_breaker_a_deadline_still_ends_the_waiting(clinic: Clinic) -> None:
    breaker, hours = _slow_breaker(clinic)
    claim_id = await clinic.queue(coded_chart())
    await clinic.pool.execute("update claims.claim set deadline_at = now()")
    breaker.open("http-503")
    await clinic.deliver(claim_id, WELL, State.UNDELIVERED)
    assert await clinic.attempts(claim_id) == []
    view = await clinic.overview.get_claim(claim_id)
    assert (view.reason, view.next_attempt_at) == ("deadline-passed", None)
    await clinic.sending.requeue_claim(claim_id)
    next(hours)
    await clinic.deliver(claim_id, WELL, State.ACCEPTED)


def _metric() -> float | None:
    return REGISTRY.get_sample_value("chartline_claims_breaker_open", {"payer": WELL})


def _slow_breaker(clinic: Clinic) -> tuple[Breaker, Iterator[int]]:
    """Give the payer that is well a breaker that stays open until the test says that an hour has passed."""
    clock = [0.0]
    terms = BreakerTerms(failures_to_open=QUICK.failures_to_open, open_seconds=3600, longest_open_seconds=3600)
    breaker = clinic.breakers[PayerId(WELL)] = Breaker(terms, clock=lambda: clock[0])

    def pass_hours() -> Iterator[int]:
        for hour in count(1):
            clock[0] = 3600.0 * hour
            yield hour

    return breaker, pass_hours()


@asynccontextmanager
async def _all_lanes(clinic: Clinic) -> AsyncIterator[None]:
    async with AsyncExitStack() as lanes:
        for name in clinic.options.payers:
            await lanes.enter_async_context(clinic.lane(name))
        yield


async def _misbehave(payers: Payers, name: str) -> None:
    for mode in cycle(BAD[name]):
        payers.desk.set_mode(mode, name)
        await asyncio.sleep(WAVE_SECONDS)


async def _bring_claims(clinic: Clinic) -> None:
    """Bring claims of all payers in waves."""
    for _ in range(WAVES):
        await clinic.arrive(*(coded_chart(payer_id=f"payer-{name}") for name in (WELL, *BAD) for _ in range(2)))
        await clinic.preparation.prepare_claims()
        await asyncio.sleep(SECONDS / WAVES)
    while await clinic.preparation.prepare_claims():
        pass


async def _until_settled(clinic: Clinic, *names: str) -> None:
    """Wait until nothing of these payers waits for an attempt."""
    for name in names:
        while (await _states(clinic, name)).keys() & {State.READY, State.QUEUED, State.SUBMITTED}:
            await asyncio.sleep(0.05)


async def _states(clinic: Clinic, name: str) -> dict[State, int]:
    """Count the claims of a payer by state."""
    lanes = (await clinic.overview.count_claims()).lanes
    return {lane.state: lane.count for lane in lanes if lane.payer_id == name}


async def _is_in_flight(clinic: Clinic) -> bool:
    started = "select exists (select from claims.submission where outcome = 'started')"
    return bool(await clinic.pool.fetchval(started))


async def _check_books(clinic: Clinic, payers: Payers, name: str) -> None:
    """What the payer has and what our books say is the same, and nothing counts twice."""
    states, counts = await _states(clinic, name), payers.desk.count_received(name)
    accepted = 0 if name == "refusing" else sum(states.values())
    assert states == ({State.ACCEPTED: accepted} if accepted else {State.REJECTED: sum(states.values())}), name
    assert (counts["identifiers"], counts["effective_claims"]) == (accepted, accepted), name
    assert (counts["altered"], counts["unusable"], counts["charts_billed_twice"]) == (0, 0, 0), name
    assert bool(counts["resent"]) <= (name in {"hung", "lying"}), name


async def _check_records(clinic: Clinic) -> None:
    """Every attempt is on the record with how it ended, in codes only."""
    claims = "select sum(attempts) from claims.claim"
    rows = await clinic.pool.fetch("select outcome, reason, issue_codes from claims.submission")
    assert len(rows) == await clinic.pool.fetchval(claims)
    assert "started" not in {row["outcome"] for row in rows}
    codes = {code for row in rows for code in (row["reason"] or "none", *row["issue_codes"])}
    assert all(CODE.fullmatch(code) for code in codes), codes
