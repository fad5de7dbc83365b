"""Charts as ingest assembles them, and the engine's answers about them."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from services.coder.engine.model import (
    Assertion,
    CodeSystem,
    Document,
    EngineVersion,
    Evidence,
    Suggestion,
    Suggestions,
)
from shared.contracts.messages import ChartDocument, ChartReady
from tests.builders import (
    coverage,
    diagnostic_report,
    encounter,
    organization,
    patient,
    practitioner,
    version_of,
)

CHART_ID = UUID("7c2a0a52-6d51-5a0e-9d0a-0d8f0f1c9b11")
NOTE = "Impression: community-acquired pneumonia. Plan: antibiotics for pneumonia, cough syrup."
ENGINE_VERSION = EngineVersion("test-engine 1", "icd10cm-2026", "0" * 64)


def chart_document(text: str = NOTE, *, document_id: str = "DiagnosticReport/dr-1#0") -> ChartDocument:
    """Build the text of report dr-1."""
    return ChartDocument(
        document_id=document_id,
        version=1,
        source=document_id.split("#")[0],
        title="Progress note",
        kind="11506-3",
        authored_at=datetime(2026, 9, 1, 10, 15, tzinfo=UTC),
        text=text,
    )


# `more: Any`: the fields of ChartReady differ by type, and tests replace any of them.
def ready_chart(chart_id: UUID | None = None, chart_version: int = 1, *, text: str = NOTE, **more: Any) -> ChartReady:
    """Build a ready chart: an ambulatory visit with one note, its patient, coverage, payer, hospital and doctor."""
    fields: dict[str, Any] = {
        "chart_id": chart_id or uuid4(),
        "chart_version": chart_version,
        "status": "ready",
        "reason": "complete",
        "encounter_class": "AMB",
        "setting": "outpatient",
        "service_date": date(2026, 9, 1),
        "encounter": version_of(encounter()),
        "documents": (chart_document(text),),
        "reports": (version_of(diagnostic_report("dr-1", text)),),
        "context": tuple(
            version_of(each)
            for each in (patient(), coverage(), organization(), organization("hospital"), practitioner())
        ),
    }
    return ChartReady(**{**fields, **more})


def withdrawn_chart(chart_id: UUID, chart_version: int) -> ChartReady:
    """Build the news that a chart is withdrawn."""
    return ready_chart(chart_id, chart_version, status="withdrawn", reason="encounter-void", documents=())


def suggestion(
    code: str = "J18.9", words: str = "pneumonia", *, system: CodeSystem = CodeSystem.ICD10CM, **more: Any
) -> Suggestion:
    """Build a suggestion whose evidence is the first occurrence of `words` in NOTE."""
    document = Document("DiagnosticReport/dr-1#0", 1, NOTE)
    start = NOTE.index(words)
    fields: dict[str, Any] = {
        "system": system,
        "code": code,
        "display": f"title of {code}",
        "confidence": 0.9,
        "selected": True,
        "assertion": Assertion.PRESENT,
        "evidence": (Evidence.of(document, start, start + len(words)),),
        "missing": ("organism",),
        "why": "named in the impression",
    }
    return Suggestion(**{**fields, **more})


def answer_of(*suggestions: Suggestion) -> Suggestions:
    """Build an engine's answer."""
    return Suggestions(ENGINE_VERSION, suggestions)
