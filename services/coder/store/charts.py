"""Chart versions as they arrived, and the findings that came back for their codings."""

import json
from collections.abc import Sequence
from uuid import UUID

from services.coder.store import SQL
from services.coder.work_item import ChartId
from shared.contracts.messages import ChartCoded, ChartReady, ClaimReturned, Finding
from shared.postgres.pool import Connection


async def insert_charts(connection: Connection, charts: Sequence[ChartReady]) -> None:
    """Keep new chart versions whole."""
    await SQL.execute(
        connection,
        "insert_charts",
        chart_ids=[chart.chart_id for chart in charts],
        chart_versions=[chart.chart_version for chart in charts],
        statuses=[chart.status for chart in charts],
        encounter_classes=[chart.encounter_class for chart in charts],
        settings=[chart.setting for chart in charts],
        service_dates=[chart.service_date for chart in charts],
        contents=[chart.model_dump_json() for chart in charts],
    )


async def read_chart(connection: Connection, chart_id: ChartId, chart_version: int) -> ChartReady:
    """Read one chart version, which must exist."""
    content = await SQL.fetchval(connection, "read_chart", chart_id=chart_id, chart_version=chart_version)
    return ChartReady.model_validate_json(content)


async def insert_coding(connection: Connection, coded: ChartCoded, *, completed_by: str) -> None:
    """Keep a finished coding as it is sent."""
    await SQL.execute(
        connection,
        "insert_coding",
        chart_id=coded.chart_id,
        coding_version=coded.coding_version,
        chart_version=coded.chart_version,
        claim_id=coded.claim.resource_id,
        claim=coded.claim.body,
        provenance=coded.provenance.body,
        completed_by=completed_by,
    )


async def read_coding(connection: Connection, chart_id: ChartId, coding_version: int) -> tuple[str, str] | None:
    """Read the Claim and the Provenance of a finished coding as they were sent, None where there is none."""
    row = await SQL.fetchrow(connection, "read_coding", chart_id=chart_id, coding_version=coding_version)
    return (row["claim"], row["provenance"]) if row else None


async def list_coded_claims(connection: Connection, chart_id: ChartId) -> list[str]:
    """Read the Claims of all codings of a chart, newest first."""
    return [row["claim"] for row in await SQL.fetch(connection, "list_coded_claims", chart_id=chart_id)]


async def insert_returned(connection: Connection, returned: Sequence[tuple[UUID, ClaimReturned]]) -> None:
    """Keep why codings came back; each with the id of its message."""
    await SQL.execute(
        connection,
        "insert_returned",
        chart_ids=[news.chart_id for _, news in returned],
        coding_versions=[news.coding_version for _, news in returned],
        message_ids=[str(message_id) for message_id, _ in returned],
        findings=[json.dumps([finding.model_dump() for finding in news.findings]) for _, news in returned],
    )


async def read_findings(connection: Connection, chart_id: ChartId, coding_version: int) -> tuple[Finding, ...]:
    """Read what billing said about a coding."""
    rows = await SQL.fetch(connection, "read_findings", chart_id=chart_id, coding_version=coding_version)
    return tuple(Finding.model_validate(finding) for row in rows for finding in json.loads(row["findings"]))
