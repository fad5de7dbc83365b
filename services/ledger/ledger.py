"""Reads the whole ledger in one snapshot of the database, against the broker's offsets of just before.

Invariant: a finding is a fact, not a suspicion. What may still be on its way (published but not yet polled, waiting in
an outbox) is counted as in flight; only what can no longer arrive is called lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from services.ledger.broker import read_broker_offsets
from services.ledger.room import Room, read_room
from services.ledger.routes import ROUTES, RouteReport, read_route
from shared.kafka.settings import KafkaSettings
from shared.postgres.pool import Connection, open_pool
from shared.postgres.settings import PostgresSettings
from shared.postgres.statements import Statements

_SQL = Statements("services.ledger", schema="public")
DELIVERED_STATES = frozenset({"submitted", "pended", "accepted", "partially_denied", "denied", "rejected", "paid"})
ANSWERED_STATES = DELIVERED_STATES - {"submitted"}


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the law demands and what is there. `findings` are breaches; `in_flight` says what is still on its way."""

    rooms: tuple[Room, ...]
    routes: tuple[RouteReport, ...]
    work_items: Mapping[str, int]
    claims: Mapping[str, int]
    totals: Mapping[str, int]
    findings: tuple[str, ...]
    in_flight: tuple[str, ...]

    @property
    def balanced(self) -> bool:
        """True when nothing is lost and nothing is done twice."""
        return not self.findings

    @property
    def at_rest(self) -> bool:
        """True when nothing is on its way."""
        return not self.in_flight


async def read_ledger(postgres: PostgresSettings, kafka: KafkaSettings) -> Ledger:
    """Read and judge; raises what the database or the broker raises when it cannot be reached."""
    async with open_pool(postgres, application_name="chartline-ledger") as pool:
        offsets = await read_broker_offsets(kafka)
        measured_at = await pool.fetchval("select now()")
        async with (
            pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            rooms = tuple([await read_room(connection, name, offsets) for name in ("ingest", "coder", "claims")])
            routes = tuple([await read_route(connection, route, offsets, measured_at) for route in ROUTES])
            return await _judge(connection, rooms, routes)


async def _judge(connection: Connection, rooms: tuple[Room, ...], routes: tuple[RouteReport, ...]) -> Ledger:
    work_items = {row["state"]: row["work_items"] for row in await _SQL.fetch(connection, "count_work_items")}
    claims = {row["state"]: row["claims"] for row in await _SQL.fetch(connection, "count_claims")}
    findings = [finding for room in rooms for finding in room.findings]
    findings += [route.finding for route in routes if route.finding]
    findings += await _claim_findings(connection)
    in_flight = [line for room in rooms for line in room.in_flight]
    in_flight += [f"claims: {count} {state}" for state, count in claims.items() if state not in ANSWERED_STATES]
    return Ledger(
        rooms=rooms,
        routes=routes,
        work_items=work_items,
        claims=claims,
        totals=await _totals(connection, rooms, claims),
        findings=tuple(findings),
        in_flight=tuple(in_flight),
    )


async def _claim_findings(connection: Connection) -> list[str]:
    checks = {
        "count_codings_without_claim": "codings received by claims have no claim",
        "count_doubly_effective": "charts have two effective claims for one payer",
    }
    counts = {text: await _SQL.fetchval(connection, name) for name, text in checks.items()}
    return [f"claims: {count} {text}" for text, count in counts.items() if count]


async def _totals(connection: Connection, rooms: tuple[Room, ...], claims: Mapping[str, int]) -> dict[str, int]:
    done = await _SQL.fetchrow(connection, "count_coder_totals")
    denials = await _SQL.fetchrow(connection, "count_denials")
    events = {room.name: room.outcomes for room in rooms}["ingest"]
    fhir = {key: count for key, count in events.items() if key[0].startswith("fhir.")}
    return {
        "events_in": sum(fhir.values()),
        **(dict(done) if done else {}),
        "claims_delivered": sum(count for state, count in claims.items() if state in DELIVERED_STATES),
        "claims_answered": sum(count for state, count in claims.items() if state in ANSWERED_STATES),
        "claims_accepted": claims.get("accepted", 0) + claims.get("paid", 0),
        "claims_paid": claims.get("paid", 0),
        "claims_denied": claims.get("denied", 0) + claims.get("partially_denied", 0),
        **(dict(denials) if denials else {}),
        "quarantined": sum(
            count for room in rooms for (_, outcome), count in room.outcomes.items() if outcome == "quarantined"
        ),
    }
