"""Chooses which findings become suggestions, in what order, with what confidence, and which are selected.

Place in the flow: the last stage. In a narrative, or when asked to be exhaustive, the trained ranker decides; in a note
with an assessment, or a report with an impression, where a condition stands decides. Invariant: a code that is absent,
someone else's or not in force is never selected; equal charts give equal answers in equal order.
"""

from collections.abc import Iterable
from enum import StrEnum

from services.coder.engine.features import Candidate, describe, gather_candidates, term_key
from services.coder.engine.findings import Finding, Mention, Reading
from services.coder.engine.model import Assertion, CodeSystem, Evidence, Setting, Suggestion
from services.coder.engine.ranker import load_weights
from services.coder.engine.sections import SectionKind
from services.coder.engine.specificity import drop_less_specific
from shared.codesets.icd10cm import CodeSet

EXHAUSTIVE_THRESHOLD = 0.42


class Style(StrEnum):
    """How a chart's notes are built, which decides what tells the encounter's conditions from others."""

    ASSESSED = "assessed"
    REPORT = "report"
    NARRATIVE = "narrative"


class Chooser:
    """Ranks and selects; holds the committed weights."""

    def __init__(self, codes: CodeSet) -> None:
        self._codes = codes
        self._weights = load_weights()
        self.weights_hash = self._weights.content_hash

    def choose(self, findings: tuple[Finding, ...], reading: Reading, *, exhaustive: bool) -> tuple[Suggestion, ...]:
        """Suggestions for `findings`, best first."""
        style = tell_style(reading)
        valid = [f for f in findings if self._codes.is_valid(f.code, reading.chart.service_date)]
        candidates = gather_candidates(valid)
        vaguer = drop_less_specific(self._codes, [c.code for c in candidates if is_codable(c.finding, reading)])
        suggestions = []
        in_report = choose_in_report(candidates)
        for candidate in candidates:
            confidence = self._weights.score(
                describe(candidate, self._codes, vaguer),
                self._weights.priors(candidate.code, term_key(candidate.finding)),
            )
            if exhaustive or style is Style.NARRATIVE:
                chosen = confidence >= EXHAUSTIVE_THRESHOLD
            elif style is Style.REPORT:
                chosen = candidate.code in in_report
            else:
                chosen = any(m.problem for m in candidate.finding.mentions)
            selected = chosen and is_codable(candidate.finding, reading)
            suggestions.append(self._suggest(candidate, reading, confidence, selected))
        return tuple(suggestions)

    def _suggest(self, candidate: Candidate, reading: Reading, confidence: float, selected: bool) -> Suggestion:
        finding = candidate.finding
        return Suggestion(
            CodeSystem.ICD10CM,
            candidate.code,
            self._codes.title(candidate.code),
            round(confidence, 4),
            selected,
            finding.assertion,
            cite(finding.mentions, reading),
            finding.missing,
            "; ".join(finding.reasons),
        )


def cite(mentions: Iterable[Mention], reading: Reading) -> tuple[Evidence, ...]:
    """The mentions as evidence."""
    return tuple(Evidence.of(reading.chart.documents[m.document], m.start, m.end) for m in mentions)


def is_codable(finding: Finding, reading: Reading) -> bool:
    """Whether the text claims it enough to code it: an uncertain diagnosis only for inpatients (II.H, IV.H)."""
    if finding.assertion is Assertion.UNCERTAIN:
        return reading.chart.setting is Setting.INPATIENT
    return finding.assertion is Assertion.PRESENT


_ASSESSES = frozenset({SectionKind.ASSESSMENT, SectionKind.ASSESSMENT_AND_PLAN, SectionKind.PLAN})


def tell_style(reading: Reading) -> Style:
    """The style of the chart, from the sections that it has."""
    kinds = {section.kind for sections in reading.sections for section in sections}
    if kinds & _ASSESSES or SectionKind.DISCHARGE_DIAGNOSES in kinds:
        return Style.ASSESSED
    return Style.REPORT if SectionKind.IMPRESSION in kinds else Style.NARRATIVE


def choose_in_report(candidates: list[Candidate]) -> frozenset[str]:
    """What a report confirms; its indication's signs and symptoms only when it confirms no disease (IV.D, IV.K).

    Example: cough with "IMPRESSION: right middle lobe pneumonia" is pneumonia; with "normal chest" it is cough.
    """
    present = [c for c in candidates if c.finding.assertion is Assertion.PRESENT]
    confirmed = any(_is_disease(c.code) and _in_sections(c, _CONCLUDES) for c in present)
    return frozenset(c.code for c in present if not (confirmed and c.code[0] == "R"))


_CONCLUDES = frozenset({SectionKind.IMPRESSION, SectionKind.FINDINGS})


def _is_disease(code: str) -> bool:
    return code[0] not in "RVWXYZ"


def _in_sections(candidate: Candidate, kinds: frozenset[SectionKind]) -> bool:
    return any(m.section in kinds for m in candidate.finding.mentions)
