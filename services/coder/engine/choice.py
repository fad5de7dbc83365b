"""Chooses which findings become suggestions, in what order, with what confidence, and which are selected.

Place in the flow: the last stage.
"""

from services.coder.engine.findings import Finding, Reading
from services.coder.engine.model import Assertion, CodeSystem, Evidence, Setting, Suggestion
from shared.codesets.icd10cm import CodeSet


class Chooser:
    """Ranks findings."""

    weights_hash = "0"

    def __init__(self, codes: CodeSet) -> None:
        self._codes = codes

    def choose(self, findings: tuple[Finding, ...], reading: Reading, *, exhaustive: bool) -> tuple[Suggestion, ...]:
        """Suggestions for `findings`."""
        out = []
        for finding in findings:
            if not self._codes.is_valid(finding.code, reading.chart.service_date):
                continue
            ok = finding.assertion is Assertion.PRESENT or (
                finding.assertion is Assertion.UNCERTAIN and reading.chart.setting is Setting.INPATIENT
            )
            problem = any(m.problem for m in finding.mentions)
            out.append(
                Suggestion(
                    CodeSystem.ICD10CM,
                    finding.code,
                    self._codes.title(finding.code),
                    0.5,
                    ok and (exhaustive or problem),
                    finding.assertion,
                    tuple(Evidence.of(reading.chart.documents[m.document], m.start, m.end) for m in finding.mentions),
                    finding.missing,
                    "",
                )
            )
        return tuple(out)
