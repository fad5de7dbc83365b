"""A desk with finished charts, and people who audit them over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from services.coder.app import create_app
from services.coder.service.deciding import Coder
from services.coder.settings import CoderSettings
from shared.contracts.messages import ChartReady
from shared.web.security import Principal, Role, hash_token
from shared.web.settings import WebSettings
from tests.builders.charts import suggestion
from tests.integration.coder.conftest import ANN, Desk, accept_all, under

PEOPLE = {
    "ann": Principal(subject="ann", practitioner="Practitioner/ann", roles=frozenset({Role.CODER})),
    "bob": Principal(subject="bob", practitioner="Practitioner/bob", roles=frozenset({Role.CODER})),
    "ada": Principal(subject="ada", practitioner="Practitioner/ada", roles=frozenset({Role.AUDITOR})),
    "abe": Principal(subject="abe", practitioner="Practitioner/abe", roles=frozenset({Role.AUDITOR})),
    "liz": Principal(subject="liz", practitioner="Practitioner/liz", roles=frozenset({Role.LEAD})),
    "far": Principal(
        subject="far",
        practitioner="Practitioner/far",
        roles=frozenset({Role.AUDITOR, Role.LEAD}),
        facilities=frozenset({"Organization/elsewhere"}),
    ),
}
_TODAY = datetime.now(UTC).date()
DAYS = {"since": str(_TODAY - timedelta(days=1)), "until": str(_TODAY + timedelta(days=1))}
PNEUMONIA = {"system": "icd10cm", "code": "J18.9"}
COUGH = {"system": "icd10cm", "code": "R05.9"}
LOBAR = {"system": "icd10cm", "code": "J18.1"}


@asynccontextmanager
async def opened(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """A client over the desk's use cases; `as_person` says who calls."""
    app = create_app(CoderSettings(web=WebSettings(tokens={hash_token(name): who for name, who in PEOPLE.items()})))
    app.state.use_cases = desk.cases
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://coder") as client:
        yield client


def as_person(name: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}", **more}


async def finish(desk: Desk, coder: Coder = ANN, *codes: str, chart: ChartReady | None = None) -> UUID:
    """Bring a chart with J18.9 and R05.9 suggested, or `codes`; its coder accepts everything and completes it."""
    made = [suggestion(code) for code in codes] or [suggestion(), suggestion("R05.9", "cough")]
    brought = await desk.open_chart(*made, chart=chart)
    lease = await desk.lease(coder)
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease, coder), accept_all(view))
    await desk.cases.completing.complete(under(lease, coder))
    return brought.chart_id


async def draw(http: httpx.AsyncClient, who: str = "ada", **criteria: Any) -> dict[str, Any]:
    """Draw a sample and read it."""
    drawn = await http.post("/v1/audits", json={"title": "Autumn", **DAYS, **criteria}, headers=as_person(who))
    assert drawn.status_code == 200, drawn.text
    read = await http.get(f"/v1/audits/{drawn.json()['audit_id']}", headers=as_person(who))
    audit: dict[str, Any] = read.json()
    return audit


async def review(
    http: httpx.AsyncClient, audit: dict[str, Any], chart_id: object, *codes: dict[str, Any], who: str = "ada"
) -> httpx.Response:
    """Review a chart, with a reason for each difference."""
    url = f"/v1/audits/{audit['audit_id']}/charts/{chart_id}"
    compared = (await http.post(f"{url}/comparison", json={"codes": codes}, headers=as_person(who))).json()
    reasons = [
        {"key": each["key"], "reason": "the impression says lobar pneumonia", "guideline": "I.B.2"}
        for each in compared.get("judgements", ())
        if not each["agreed"] and each["category"] != "drg"
    ]
    return await http.post(f"{url}/review", json={"codes": codes, "reasons": reasons}, headers=as_person(who))
