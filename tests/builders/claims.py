"""Claims on their whole way: a chart, what coders decided about it, and the sealed Bundle that a payer gets."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from services.claims.build import BundleFrame, build_bundle
from services.coder.chart_facts import read_facts
from services.coder.claim_final import CompletedChart, build_coded
from services.coder.coding import Coding, LineDetails, StoredSuggestion
from services.coder.decisions import Action, ChosenCode, Decision
from services.coder.engine.model import CodeSystem, Suggestion
from shared.contracts.messages import ChartCoded, ChartReady
from shared.proof.keys import SigningKey
from shared.proof.seal import seal_bundle
from tests.builders.charts import ENGINE_VERSION, suggestion

COMPLETED_AT = datetime(2026, 9, 2, 8, 0, tzinfo=UTC)
ANN = "Practitioner/ann"


def accepted(content: Suggestion | None = None, by: str = ANN) -> Coding:
    """Build a suggestion that a coder accepted."""
    stored = StoredSuggestion(uuid4(), content or suggestion())
    chosen = ChosenCode(stored.content.system, stored.content.code, stored.content.display)
    return Coding(
        chosen, _decide(Action.ACCEPT, chosen, by, stored.suggestion_id), stored, LineDetails.of(stored.content)
    )


def added(code: str, system: CodeSystem = CodeSystem.ICD10CM, on_admission: str | None = None, by: str = ANN) -> Coding:
    """Build a code that a coder added."""
    chosen = ChosenCode(system, code, "", on_admission)
    return Coding(chosen, _decide(Action.ADD, chosen, by), None)


def _decide(action: Action, chosen: ChosenCode, by: str, target_id: UUID | None = None) -> Decision:
    decision_id = uuid4()
    return Decision(decision_id, action, target_id or decision_id, chosen, None, "ann", by, COMPLETED_AT)


def coded_from(
    chart: ChartReady, codings: Sequence[Coding], key: SigningKey | None, coding_version: int = 1
) -> ChartCoded:
    """Build what the coder service publishes when the chart is completed."""
    facts = read_facts(chart)
    completed = CompletedChart(chart, facts, codings, ENGINE_VERSION, coding_version, ANN, COMPLETED_AT)
    return build_coded(completed, key)


def sealed_bundle(chart: ChartReady, codings: Sequence[Coding], key: SigningKey, replaces: UUID | None = None) -> bytes:
    """Build what the claims service sends."""
    frame = BundleFrame(uuid4(), COMPLETED_AT, "https://hospital.example/fhir", replaces)
    bundle = build_bundle(coded_from(chart, codings, key), frame)
    return seal_bundle(bundle, key, rules={"edits": "1"}, sealed_at=COMPLETED_AT)
