"""From the stored chart to what the API shows of it.

Place in the flow: `service` reads, this arranges, `api` sends; pure.
"""

from collections.abc import Sequence
from dataclasses import asdict

from services.coder.api_models import CodeView
from services.coder.chart_facts import ChartFacts
from services.coder.chart_models import (
    ChartView,
    DocumentView,
    EncounterFacts,
    EngineView,
    EvidenceSpan,
    FactView,
    IndicatorView,
    SuggestionView,
)
from services.coder.coding import Coding, StoredSuggestion, list_codings, list_undecided
from services.coder.decision_models import CodingView, DecisionView
from services.coder.decisions import Decision, list_standing
from services.coder.engine.model import Evidence, Setting
from services.coder.store.suggestions import EngineRun
from services.coder.store.work_items import WorkItem
from shared.contracts.messages import ChartReady, Finding


def show_chart(
    item: WorkItem,
    chart: ChartReady,
    facts: ChartFacts,
    run: EngineRun | None,
    suggestions: Sequence[StoredSuggestion],
    decisions: Sequence[Decision],
    findings: Sequence[Finding],
) -> ChartView:
    """Arrange a chart for its coder."""
    return ChartView(
        chart_id=chart.chart_id,
        chart_version=chart.chart_version,
        work_item_id=item.work_item_id,
        state=item.state,
        coding_version=item.coding_version,
        encounter=show_encounter(chart, facts),
        documents=tuple(DocumentView(**document.model_dump()) for document in chart.documents),
        engine=EngineView.model_validate(asdict(run.version)) if run else None,
        indicators=tuple(IndicatorView.model_validate(asdict(each)) for each in run.indicators) if run else (),
        suggestions=tuple(_show_suggestion(suggestion) for suggestion in suggestions),
        decisions=show_decisions(decisions),
        codings=tuple(_show_coding(coding) for coding in list_codings(suggestions, decisions)),
        undecided=tuple(list_undecided(suggestions, decisions)),
        findings=tuple(findings),
    )


def show_encounter(chart: ChartReady, facts: ChartFacts) -> EncounterFacts:
    """Arrange what the structured data says about an encounter."""
    return EncounterFacts(
        reference=chart.encounter.reference,
        encounter_class=chart.encounter_class,
        setting=Setting(chart.setting),
        service_date=chart.service_date,
        patient_age_years=facts.patient_age_years,
        patient_sex=facts.patient_sex,
    )


def _show_suggestion(suggestion: StoredSuggestion) -> SuggestionView:
    content = suggestion.content
    return SuggestionView(
        suggestion_id=suggestion.suggestion_id,
        system=content.system,
        code=content.code,
        display=content.display,
        confidence=content.confidence,
        selected=content.selected,
        assertion=content.assertion,
        missing=content.missing,
        why=content.why,
        evidence=tuple(_show_evidence(evidence) for evidence in content.evidence),
        facts=tuple(FactView.model_validate(asdict(fact)) for fact in content.facts),
        modifiers=content.modifiers,
        units=content.units,
        justified_by=content.justified_by,
        place_of_service=content.place_of_service,
    )


def _show_evidence(evidence: Evidence) -> EvidenceSpan:
    return EvidenceSpan(
        document_id=evidence.document_id,
        version=evidence.version,
        start=evidence.start,
        end=evidence.end,
        sha256=evidence.sha256,
    )


def show_decisions(decisions: Sequence[Decision]) -> tuple[DecisionView, ...]:
    """Arrange all decisions about a chart version, and say which of them stand."""
    standing = {decision.decision_id for decision in list_standing(decisions)}
    return tuple(_show_decision(decision, decision.decision_id in standing) for decision in decisions)


def _show_decision(decision: Decision, stands: bool) -> DecisionView:
    chosen = decision.code
    return DecisionView(
        decision_id=decision.decision_id,
        action=decision.action,
        target_id=decision.target_id,
        code=CodeView.model_validate(asdict(chosen)) if chosen else None,
        reason=decision.reason,
        decided_by=decision.decided_by,
        decided_at=decision.decided_at,
        **asdict(decision.amendment),
        targets=decision.targets,
        stands=stands,
    )


def _show_coding(coding: Coding) -> CodingView:
    return CodingView(
        target_id=coding.decision.target_id,
        code=CodeView.model_validate(asdict(coding.chosen)),
        modifiers=coding.line.modifiers,
        units=coding.line.units,
        justified_by=coding.line.justified_by,
    )
