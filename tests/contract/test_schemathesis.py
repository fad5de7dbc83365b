"""Every route of every service answers what its OpenAPI document says, whatever it is asked.

schemathesis makes requests from the documents: at the edges of each schema, beyond them, and at random. What is
well-formed is replaced by what is there, so that routes get past 404. Invariants: no request makes a service fail; each
answer has a status, a content type and a body that are documented; what breaks a schema is refused.
"""

from typing import Any, cast
from zlib import crc32

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core import Body
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared.web.rules import ROLES_EXTENSION
from shared.web.security import Role
from tests.contract.documents import DOCUMENTS
from tests.contract.world import Asker, Row, World, put_what_is_there

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
CONFIG = schemathesis.Config.from_dict(
    {
        "generation": {
            "mode": "all",
            "max-examples": 4,
            "deterministic": True,
            "database": "none",
            "with-security-parameters": False,
        },
        "phases": {"coverage": {"unexpected-methods": []}},
    }
)
AnyCase = Case[Any]
BOUNDED = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=4,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def ask(case: AnyCase, world: World, asker: Asker) -> httpx.Response:
    """Send a case as somebody who may, about something that is there; one of eight times as it was made."""
    choice = crc32(repr((case.path_parameters, case.query, case.body)).encode("utf-8", "surrogatepass"))
    if choice % 8:
        put_into(case, world.rows[choice // 8 % len(world.rows)])
    roles = sorted(case.operation.definition.raw.get(ROLES_EXTENSION, list(Role)))
    made = case.as_transport_kwargs(base_url="http://service")
    headers = {**made["headers"], "Authorization": f"Bearer {roles[choice // 64 % len(roles)]}"}
    body: dict[str, Any] = {"json": made["json"]} if "json" in made else {"content": made.get("data")}
    encoded = [(name, str(value).encode("utf-8")) for name, value in headers.items()]
    return asker.ask(
        asker.client.build_request(made["method"], made["url"], params=made["params"], headers=encoded, **body)
    )


def put_into(case: AnyCase, row: Row) -> None:
    """Let a case be about what is there."""
    for container in (case.path_parameters, case.query, case.headers):
        for name, value in list((container or {}).items()):
            container[name] = put_what_is_there(value, row, name)
    case.body = cast("Body", put_what_is_there(case.body, row))


def hold(case: AnyCase, world: World, asker: Asker) -> None:
    """Ask and hold the answer against the document."""
    case.validate_response(ask(case, world, asker), checks=CHECKS)


@schemathesis.openapi.from_dict(DOCUMENTS["coder"], config=CONFIG).parametrize()
@BOUNDED
def test_coder(case: AnyCase, coder_world: tuple[World, Asker]) -> None:
    hold(case, *coder_world)


@schemathesis.openapi.from_dict(DOCUMENTS["claims"], config=CONFIG).parametrize()
@BOUNDED
def test_claims(case: AnyCase, claims_world: tuple[World, Asker]) -> None:
    hold(case, *claims_world)


@schemathesis.openapi.from_dict(DOCUMENTS["ingest"], config=CONFIG).parametrize()
@BOUNDED
def test_ingest(case: AnyCase, ingest_world: tuple[World, Asker]) -> None:
    hold(case, *ingest_world)
