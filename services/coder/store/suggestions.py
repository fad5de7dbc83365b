"""What the engine proposed for a chart version, with its evidence."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID, uuid4

import asyncpg

from services.coder.coding import StoredSuggestion
from services.coder.engine.model import (
    Assertion,
    CodedFact,
    CodeSystem,
    EngineVersion,
    Evidence,
    Indicator,
    Suggestion,
    Suggestions,
)
from services.coder.store import SQL
from services.coder.work_item import ChartId
from shared.postgres.pool import Connection


@dataclass(frozen=True, slots=True)
class EngineRun:
    """The engine that answered for a chart version, and the results outside their range that it noticed.

    `is_new_patient` is what it was told of the patient's history, None where that was nothing.
    """

    version: EngineVersion
    indicators: tuple[Indicator, ...]
    is_new_patient: bool | None = None


async def insert_suggestions(
    connection: Connection,
    chart_id: ChartId,
    chart_version: int,
    answer: Suggestions,
    seconds: float,
    *,
    is_new_patient: bool | None = None,
) -> None:
    """Keep the engine's answer for a chart version; it took `seconds`, and was told `is_new_patient`."""
    version = answer.version
    await SQL.execute(
        connection,
        "insert_run",
        chart_id=chart_id,
        chart_version=chart_version,
        engine=version.engine,
        code_set=version.code_set,
        lexicon=version.lexicon,
        learned=version.learned,
        indicators=json.dumps([asdict(indicator) for indicator in answer.indicators]),
        seconds=seconds,
        is_new_patient=is_new_patient,
    )
    if answer.suggestions:
        stored = [StoredSuggestion(uuid4(), suggestion) for suggestion in answer.suggestions]
        await _insert_codes(connection, chart_id, chart_version, stored)
        await _insert_evidence(connection, stored)


async def _insert_codes(
    connection: Connection, chart_id: ChartId, chart_version: int, stored: list[StoredSuggestion]
) -> None:
    contents = [each.content for each in stored]
    await SQL.execute(
        connection,
        "insert_suggestions",
        chart_id=chart_id,
        chart_version=chart_version,
        suggestion_ids=[each.suggestion_id for each in stored],
        systems=[content.system for content in contents],
        codes=[content.code for content in contents],
        displays=[content.display for content in contents],
        confidences=[content.confidence for content in contents],
        selected=[content.selected for content in contents],
        assertions=[content.assertion for content in contents],
        missing=[json.dumps(content.missing) for content in contents],
        whys=[content.why for content in contents],
        entries=[content.entry for content in contents],
        facts=[json.dumps([asdict(fact) for fact in content.facts]) for content in contents],
        modifiers=[json.dumps(content.modifiers) for content in contents],
        units=[content.units for content in contents],
        justified_by=[json.dumps(content.justified_by) for content in contents],
        places_of_service=[content.place_of_service for content in contents],
    )


async def _insert_evidence(connection: Connection, stored: list[StoredSuggestion]) -> None:
    spans = [
        (each.suggestion_id, position, evidence)
        for each in stored
        for position, evidence in enumerate(each.content.evidence, 1)
    ]
    await SQL.execute(
        connection,
        "insert_evidence",
        suggestion_ids=[suggestion_id for suggestion_id, _, _ in spans],
        positions=[position for _, position, _ in spans],
        document_ids=[evidence.document_id for _, _, evidence in spans],
        document_versions=[evidence.version for _, _, evidence in spans],
        starts=[evidence.start for _, _, evidence in spans],
        ends=[evidence.end for _, _, evidence in spans],
        hashes=[evidence.sha256 for _, _, evidence in spans],
    )


async def read_run(connection: Connection, chart_id: ChartId, chart_version: int) -> EngineRun | None:
    """Read which engine answered and what it noticed, None while it has not."""
    row = await SQL.fetchrow(connection, "read_run", chart_id=chart_id, chart_version=chart_version)
    if row is None:
        return None
    version = EngineVersion(row["engine"], row["code_set"], row["lexicon"], row["learned"])
    noticed = json.loads(row["indicators"])
    indicators = (Indicator(each["path"], each["statement"], tuple(each["codes"])) for each in noticed)
    return EngineRun(version, tuple(indicators), row["is_new_patient"])


async def read_last_run(connection: Connection, chart_id: ChartId) -> int | None:
    """Read the last version of the chart for which an engine answered, None while none has."""
    row = await SQL.fetchrow(connection, "read_last_run", chart_id=chart_id)
    version: int | None = row["max"] if row else None
    return version


async def read_suggestions(connection: Connection, chart_id: ChartId, chart_version: int) -> list[StoredSuggestion]:
    """Read the suggestions of a chart version in the engine's order, with their evidence."""
    key = {"chart_id": chart_id, "chart_version": chart_version}
    rows = await SQL.fetch(connection, "read_suggestions", **key)
    evidence = await read_evidence(connection, chart_id, chart_version)
    return [build_suggestion(row, evidence) for row in rows]


async def read_evidence(
    connection: Connection, chart_id: ChartId, chart_version: int
) -> Mapping[UUID, Sequence[Evidence]]:
    """Read the evidence of every suggestion of a chart version, in order."""
    evidence: defaultdict[UUID, list[Evidence]] = defaultdict(list)
    for span in await SQL.fetch(connection, "read_evidence", chart_id=chart_id, chart_version=chart_version):
        evidence[span["suggestion_id"]].append(
            Evidence(span["document_id"], span["document_version"], span["start_at"], span["end_at"], span["sha256"])
        )
    return evidence


def build_suggestion(row: asyncpg.Record, evidence: Mapping[UUID, Sequence[Evidence]]) -> StoredSuggestion:
    """Build a suggestion from its row."""
    content = Suggestion(
        system=CodeSystem(row["system"]),
        code=row["code"],
        display=row["display"],
        confidence=row["confidence"],
        selected=row["selected"],
        assertion=Assertion(row["assertion"]),
        evidence=tuple(evidence.get(row["suggestion_id"], ())),
        missing=tuple(row["missing"]),
        why=row["why"],
        facts=tuple(CodedFact(**fact) for fact in json.loads(row["facts"])),
        entry=row["entry"],
        modifiers=tuple(row["modifiers"]),
        units=row["units"],
        justified_by=tuple(row["justified_by"]),
        place_of_service=row["place_of_service"],
    )
    return StoredSuggestion(row["suggestion_id"], content)
