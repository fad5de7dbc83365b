"""The coder service with charts in every state, and with what people wrote about them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
from fastapi import FastAPI

from services.coder.app import create_app
from services.coder.arrivals import Arrivals
from services.coder.grouping.msdrg_grouper import MsdrgGrouper
from services.coder.service.suggesting import Suggesting
from services.coder.service.use_cases import UseCases
from services.coder.settings import CoderSettings, QueueSettings
from services.coder.work_item import ChartId
from shared.codesets.library import Library
from shared.contracts.messages import ChartReady
from shared.postgres.pool import Pool
from shared.web.auditing import audit_into
from shared.web.security import Role
from tests.builders import encounter, patient, version_of
from tests.builders.charts import ready_chart, suggestion
from tests.builders.queries import query
from tests.contract.world import SELF, WEB, Row, World
from tests.integration.coder.conftest import Desk

STAY: dict[str, Any] = {"encounter_class": "IMP", "setting": "inpatient"}
QUERY: dict[str, Any] = {"content": query().model_dump(mode="json"), "addressee": "Practitioner/physician"}
OPINION = {"asked_kind": "colleague", "asked": "lead", "body": "Is this the principal diagnosis?"}
ON_HOLD = {"reason": "pending-report", "review_on": "2099-01-01"}


@asynccontextmanager
async def open_coder_world(pool: Pool) -> AsyncIterator[World]:
    """Yield the service over a migrated database, without Kafka and engine; streams end when they begin."""
    with MsdrgGrouper() as grouper:
        cases = UseCases.over(pool, QueueSettings(lease_seconds=3600), grouper=grouper)
        app = create_app(CoderSettings(web=WEB))
        app.state.use_cases = cases
        app.state.arrivals = Arrivals(pool)
        app.state.library = Library(pool)
        app.state.context = SimpleNamespace(pool=pool, suggester=SimpleNamespace(probe=_is_there))
        app.state.closing.begin()
        audit_into(app, pool)
        desk = Desk(pool, cases, Suggesting(pool, "engine@test", 3600.0))
        async with _Filler.asking(app) as http:
            yield World(app, await _Filler(desk, http).fill())


async def _is_there() -> None:
    pass


class _Filler:
    """Brings charts, and does over HTTP what people do with them."""

    def __init__(self, desk: Desk, http: httpx.AsyncClient) -> None:
        self.desk = desk
        self.http = http
        self.others: dict[str, str] = {"list_id": "clinic", "subject": "coder", "system": "icd10cm", "code": "J18.9"}

    @classmethod
    @asynccontextmanager
    async def asking(cls, app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://coder") as client:
            yield client

    async def fill(self) -> list[Row]:
        """Return what is there: one row for each chart."""
        await self._do("POST", "/v1/worklists", Role.LEAD, json={"list_id": "clinic", "title": "C", "position": 1})
        await self._do("PUT", "/v1/coders/coder", Role.LEAD, json={"specialties": []})
        rows = [
            await self._leased(ready_chart(), QUERY, complete=False),
            await self._leased(ready_chart(encounter=version_of(encounter(encounter_class="IMP")), **STAY)),
            await self._leased(ready_chart(), complete=False),
            await self._leased(ready_chart(), complete=True),
            await self._held(),
            await self._own(),
            *[await self._row(await self.desk.open_chart(suggestion(), suggestion("R05.9", "cough"))) for _ in "12"],
        ]
        await self._audit(rows[3])
        await self.desk.arrive(ready_chart())
        return [self.others | row for row in rows]

    async def _leased(
        self, chart: ChartReady, written: dict[str, Any] | None = None, *, complete: bool | None = None
    ) -> dict[str, str]:
        row = await self._row(await self.desk.open_chart(chart=chart))
        grant = await self._do("POST", "/v1/queue/lease-next", Role.CODER)
        assert grant["chart_id"] == row["chart_id"]
        url, lease = f"/v1/charts/{row['chart_id']}", {"Lease-Token": grant["lease_token"]}
        accept = {"action": "accept", "target_id": row["target_id"]}
        stored = await self._do("POST", f"{url}/decisions", Role.CODER, json={"decisions": [accept]}, headers=lease)
        thread = await self._do("POST", f"{url}/threads", Role.CODER, json=OPINION)
        row |= {"decision_id": stored["decisions"][0]["decision_id"], "thread_id": thread["thread_id"], **lease}
        self.others |= row
        if written:
            row["query_id"] = (await self._do("POST", f"{url}/queries", Role.CODER, json=written))["query_id"]
        if complete:
            await self._do("POST", f"{url}/complete", Role.CODER, headers=lease)
        self.others |= row
        return row

    async def _held(self) -> dict[str, str]:
        row = await self._row(await self.desk.open_chart())
        url = f"/v1/charts/{row['chart_id']}"
        row["query_id"] = (await self._do("POST", f"{url}/queries", Role.LEAD, json=QUERY))["query_id"]
        await self._do("POST", f"/v1/queries/{row['query_id']}/send", Role.LEAD, json={})
        row["hold_id"] = (await self._do("POST", f"{url}/holds", Role.LEAD, json=ON_HOLD))["hold_id"]
        self.others["hold_id"] = row["hold_id"]
        return row

    async def _audit(self, row: dict[str, str]) -> None:
        """Draw an audit of the finished chart and review it with a difference."""
        today = datetime.now(UTC).date()
        days = {"since": str(today - timedelta(days=1)), "until": str(today + timedelta(days=1))}
        criteria = {"title": "A", "coder": "coder", **days}
        audit = await self._do("POST", "/v1/audits", Role.AUDITOR, json=criteria)
        url = f"/v1/audits/{audit['audit_id']}/charts/{row['chart_id']}"
        why = [{"key": "principal:J18.9:J18.1", "reason": "the lobe is named"}]
        codes = [{"system": "icd10cm", "code": "J18.1"}]
        await self._do("POST", f"{url}/review", Role.AUDITOR, json={"codes": codes, "reasons": why})
        mine = await self._do("GET", "/v1/my-differences", Role.CODER)
        self.others |= {"audit_id": audit["audit_id"], "difference_id": mine["differences"][0]["difference_id"]}

    async def _own(self) -> dict[str, str]:
        own = SELF.partition("/")[2]
        context = tuple(each for each in ready_chart().context if each.resource_type != "Patient")
        chart = ready_chart(
            encounter=version_of(encounter(patient_id=own)), context=(version_of(patient(own)), *context)
        )
        row = await self._row(await self.desk.open_chart(chart=chart))
        url = f"/v1/charts/{row['chart_id']}/break-glass"
        opened = await self._do("POST", url, Role.CODER, json={"reason": "covering for a colleague"})
        row["glass_id"] = self.others["glass_id"] = opened["glass_id"]
        return row

    async def _row(self, chart: ChartReady) -> dict[str, str]:
        found = "select work_item_id from coder.work_item where chart_id = $1"
        view, _ = await self.desk.cases.charts.read_chart(ChartId(chart.chart_id))
        target = str(view.suggestions[0].suggestion_id)
        return {
            "chart_id": str(chart.chart_id),
            "work_item_id": str(await self.desk.pool.fetchval(found, chart.chart_id)),
            "target_id": target,
            "suggestion_id": target,
            "linked": target,
        }

    async def _do(self, method: str, url: str, role: Role, **request: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {role}", **request.pop("headers", {})}
        answer = await self.http.request(method, url, headers=headers, **request)
        assert answer.status_code == 200, answer.text
        done: dict[str, Any] = answer.json()
        return done
