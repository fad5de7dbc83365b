"""From a chart of a sample to what its reviewer sees of it.

Place in the flow: `service.auditing` reads, this arranges, `api` and `workbench` send; pure. Invariant: while a blind
reviewer has not coded, nothing shown was written by the coder or derived from the first coding.
"""

from collections.abc import Iterable, Iterator, Sequence

from services.coder.audit_models import AuditedChart, CodeEvidence, ReviewedCode, show_codes
from services.coder.audits.audit import AuditId, Difference
from services.coder.audits.reported import ReportedCode
from services.coder.chart_facts import read_facts
from services.coder.chart_models import DocumentView
from services.coder.coding import StoredSuggestion
from services.coder.difference_models import DifferenceView
from services.coder.store.audits import LockedSample
from services.coder.views import show_encounter
from shared.contracts.messages import ChartReady


def show_audited(
    audit_id: AuditId,
    sample: LockedSample,
    chart: ChartReady,
    *,
    coded: Sequence[ReportedCode] | None,
    coded_blind: Sequence[ReviewedCode] | None,
    suggested: Iterable[StoredSuggestion],
    differences: Iterable[Difference],
) -> AuditedChart:
    """Arrange a chart of a sample; `coded` is None while the first coding is hidden."""
    return AuditedChart(
        audit_id=audit_id,
        title=sample.title,
        chart_id=chart.chart_id,
        blind=sample.blind,
        encounter=show_encounter(chart, read_facts(chart)),
        documents=tuple(DocumentView(**document.model_dump()) for document in chart.documents),
        coder=None if coded is None else sample.chart.coder,
        completed_at=sample.chart.completed_at,
        coded=show_codes(coded),
        evidence=tuple(_list_evidence(coded or (), suggested)),
        coded_blind=None if coded_blind is None else tuple(coded_blind),
        reviewer=sample.chart.reviewer,
        differences=tuple(map(DifferenceView.of, differences)),
    )


def _list_evidence(coded: Iterable[ReportedCode], suggested: Iterable[StoredSuggestion]) -> Iterator[CodeEvidence]:
    codes = {(each.chosen.system, each.chosen.code) for each in coded}
    for each in suggested:
        content = each.content
        if (content.system, content.code) in codes:
            yield from (CodeEvidence(code=content.code, **span._asdict()) for span in content.evidence)
