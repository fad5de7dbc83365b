"""The whole stack on one machine: PostgreSQL, Kafka, the three services and the simulated payer, each a child process.

Invariant: leaving `open_stack` stops what it started, the services before what they stand on.
"""

import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from services.local.broker import DESCRIPTIONS, BrokerKind, open_broker
from services.local.database import create_database, migrate_services
from services.local.environment import Rooms, read_settings, to_environment
from services.local.postgres import open_postgres
from services.local.process import Child, ChildSpec, is_listening, pick_free_ports
from services.local.progress import Steps
from services.local.remembered import remember
from services.local.state import StateFolder
from services.local.supervisor import Service, Supervisor, supervise
from services.simulators.issuer import AUDIENCE, BILLER, CLIENT_ID, require_demo
from shared.contracts.topics import TOPICS
from shared.kafka.admin import create_topics
from shared.kafka.settings import KafkaSettings
from shared.postgres.settings import PostgresSettings
from shared.proof.keys import generate_signing_key, to_key_set, write_signing_key
from shared.web.security import Principal, Role, hash_token

DSN_VARIABLE = "CHARTLINE_POSTGRES__DSN"
QUEUE_PORT = 8080
"""Where the queue API listens when nothing else does."""
ANY_PORT = 0
MEDICARE = "Organization/payer-CMS-MEDICARE"
"""How the coverages of the simulated hospital name it."""
CODER_SERVICE = "coder-service"
"""Who asks the claims service for scrub previews."""
NAMES = ("coder", "ingest", "claims", "payer", "issuer")
PEERS = frozenset({"payer", "issuer"})
"""What is not ours: simulated."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack. `tokens` maps the names of simulated people to their bearer tokens, `urls` services to bases."""

    postgres: PostgresSettings
    kafka: KafkaSettings
    urls: Mapping[str, str]
    tokens: Mapping[str, str] = field(repr=False)
    supervisor: Supervisor = field(repr=False)


def is_external(kind: BrokerKind) -> bool:
    """Whether the broker or the database is the user's own, whose data is not ours to remove."""
    return kind is BrokerKind.EXTERNAL or DSN_VARIABLE in os.environ


@asynccontextmanager
async def open_stack(
    state: StateFolder, kind: BrokerKind, *, empty: bool, coders: int, steps: Steps, queue_port: int = ANY_PORT
) -> AsyncIterator[Stack]:
    """Start everything; with `empty` the database and a Kafka of ours begin without data.

    `queue_port` is taken when it is free. Only one stack of a machine may ask for it: between looking and listening
    another could take it.

    Raises LocalStackError or ChildFailed when a part cannot run, a group of those when it is a service.
    """
    require_demo("127.0.0.1")
    async with AsyncExitStack() as opened:
        code_sets = await opened.enter_async_context(_prepare_code_sets(state))
        with steps.step("Starting PostgreSQL"):
            dsn = await opened.enter_async_context(_open_database(state, empty=empty))
        with steps.step(f"Starting {DESCRIPTIONS[kind]}"):
            if empty:
                state.forget_kafka()
            broker = await opened.enter_async_context(open_broker(kind, state.kafka, logs=state.logs))
        rooms: Rooms = {
            "postgres": {"dsn": dsn},
            "kafka": broker.client_settings,
            "proof": {"signing_key_file": str(_keep_signing_key(state))},
        }
        settings = read_settings(rooms)
        with steps.step("Creating topics and tables"):
            await create_topics(settings.kafka, TOPICS)
            await migrate_services(settings.postgres)
        with steps.step("Preparing the code sets"):
            if await code_sets.wait():
                raise code_sets.failure("the code sets could not be prepared")
        ports = dict(zip(NAMES, pick_free_ports(len(NAMES), preferred=queue_port or None), strict=True))
        with steps.step("Starting ingest, coder, claims and a simulated payer"):
            wiring = Wiring(ports, coders, secrets.token_urlsafe(24))
            services = [_describe_service(state, name, wiring, rooms) for name in reversed(NAMES)]
            supervisor = await opened.enter_async_context(supervise(services))
            tokens = await _fetch_tokens(ports["issuer"], coders)
        remember(state.variables, "".join(f"{name}='{value}'\n" for name, value in to_environment(rooms).items()))
        urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        yield Stack(settings.postgres, settings.kafka, urls, tokens, supervisor)


def _keep_signing_key(state: StateFolder) -> Path:
    """The key that proves this stack's claims, made once, with its public half beside it for `chartline verify`."""
    if not state.signing_key.exists():
        key = generate_signing_key()
        write_signing_key(key, state.signing_key)
        state.verification_keys.write_text(to_key_set(key))
    return state.signing_key


@asynccontextmanager
async def _prepare_code_sets(state: StateFolder) -> AsyncIterator[Child]:
    """Fill the cache of the code sets once, beside the other starts, before several engine processes want it."""
    command = (sys.executable, "-c", "from services.coder.engine import build_engine; build_engine()")
    child = await Child.start(ChildSpec(name="code sets", command=command, log=state.log_of("code-sets")))
    try:
        yield child
    finally:
        await child.stop()


@asynccontextmanager
async def _open_database(state: StateFolder, *, empty: bool) -> AsyncIterator[str]:
    if own := os.environ.get(DSN_VARIABLE):
        yield own
        return
    async with open_postgres(state.postgres, log=state.log_of("postgres")) as server:
        yield await create_database(server, empty=empty)


@dataclass(frozen=True, slots=True)
class Wiring:
    """How the processes find each other: ports by name, the number of simulated coders, the coder service's token."""

    ports: Mapping[str, int]
    coders: int
    token: str = field(repr=False)

    def as_web(self, name: str) -> dict[str, object]:
        """The settings of a service's web server: people sign in at the issuer, the coder service has its token."""
        ours = Principal(
            subject=CODER_SERVICE, practitioner=f"Practitioner/{CODER_SERVICE}", roles=frozenset({Role.INTEGRATION})
        )
        issuer = f"http://127.0.0.1:{self.ports['issuer']}"
        return {
            "port": self.ports[name],
            "tokens": {hash_token(self.token): ours.model_dump(mode="json")},
            "oidc": {"issuer": issuer, "audience": AUDIENCE, "client_id": CLIENT_ID},
        }


def _describe_service(state: StateFolder, name: str, wiring: Wiring, rooms: Rooms) -> Service:
    ports = wiring.ports
    verbs = {
        "payer": ("simulate", "payer", "--port", str(ports[name]), "--kafka"),
        "issuer": ("simulate", "issuer", "--port", str(ports[name]), "--coders", str(wiring.coders)),
    }
    own_rooms: Rooms = {
        **rooms,
        "web": wiring.as_web(name),
        "coder": {
            "scrub": {"url": f"http://127.0.0.1:{ports['claims']}", "token": wiring.token},
        },
        "claims": _name_payers(ports["payer"]),
    }
    return Service(
        ChildSpec(
            name=name,
            command=(sys.executable, "-m", "services.cli", *verbs.get(name, ("run", name))),
            log=state.log_of(name),
            environment=to_environment(rooms if name in PEERS else own_rooms),
            grace_seconds=12.0,
        ),
        is_ready=lambda: is_listening(ports[name]) if name in PEERS else _is_ready(ports[name]),
    )


def _name_payers(payer_port: int) -> Mapping[str, object]:
    """Both ways to a payer: Medicare takes claims by Kafka, all others by HTTP."""
    by_kafka = {"channel": "kafka", "payors": [MEDICARE]}
    by_http = {"channel": "fhir", "endpoint": f"http://127.0.0.1:{payer_port}/commercial/fhir"}
    return {"payers": {"medicare": by_kafka, "commercial": by_http}, "default_payer": "commercial"}


async def _is_ready(port: int) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            answer = await client.get(f"http://127.0.0.1:{port}/readyz", timeout=5.0)
        except httpx.TransportError:
            return False
    return answer.status_code == httpx.codes.OK


async def _fetch_tokens(port: int, coders: int) -> dict[str, str]:
    """Let the simulated coders and the biller sign in as services do; their tokens by name."""
    tokens = {}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        for name in (*(f"coder-{number}" for number in range(1, coders + 1)), BILLER):
            form = {"grant_type": "client_credentials", "client_id": name}
            answer = (await client.post("/token", data=form)).raise_for_status()
            tokens[name] = answer.json()["access_token"]
    return tokens
