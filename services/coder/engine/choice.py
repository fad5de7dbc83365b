"""Chooses which findings become suggestions, in what order, with what confidence, and which are selected.

Place in the flow: the last stage. In a narrative, or when asked to be exhaustive, the trained ranker decides; elsewhere
a condition's role in the encounter does, and the ranker tempers it. What the conventions withhold is shown, and
selected only by an exhaustive reading, which indexes all that the note says of the patient, uncertain and past as well.
Invariants: a code that is absent, someone else's or not in force is never selected; equal charts give equal answers in
equal order.
"""

from collections.abc import Iterable
from dataclasses import replace
from math import exp, log
from typing import NamedTuple

from services.coder.engine.conventions.history import is_history
from services.coder.engine.facts import find_support
from services.coder.engine.features import Candidate, describe, gather_candidates, term_key
from services.coder.engine.findings import Finding, Mention, Reading, Withheld
from services.coder.engine.model import (
    FAMILY,
    HISTORICAL,
    PRESENT,
    UNCERTAIN,
    CodedFact,
    CodeSystem,
    Evidence,
    Setting,
    Suggestion,
)
from services.coder.engine.ranker import load_weights
from services.coder.engine.roles import LOG_ODDS, Role, Style, assign_roles, tell_style
from services.coder.engine.specificity import drop_less_specific
from shared.codesets.icd10cm import CodeSet

EXHAUSTIVE_THRESHOLD = 0.38
"""Where F1 is highest on the training notes, each scored by weights that did not see it."""
ENCOUNTER_THRESHOLD = 0.5
_RANKER_SHARE = 0.3
"""How much of the ranker's log-odds, at most 2 either way, tempers a role: less than the roles are apart."""
_FACT_SHIFT = 0.7
"""How much a coded fact that agrees adds to the log-odds: it supports what the words say, and cannot select alone."""


class _Ranked(NamedTuple):
    """A candidate with its confidence and role; the role is None where the ranker alone decided."""

    candidate: Candidate
    confidence: float
    selected: bool
    role: Role | None
    entry: str
    facts: tuple[CodedFact, ...]


class Chooser:
    """Ranks and selects; holds the committed weights."""

    def __init__(self, codes: CodeSet) -> None:
        self._codes = codes
        self._weights = load_weights()
        self.weights_hash = self._weights.content_hash

    def choose(self, findings: tuple[Finding, ...], reading: Reading, *, exhaustive: bool) -> tuple[Suggestion, ...]:
        """Suggestions for `findings` in the order in which they would be reported."""
        on = reading.chart.service_date
        in_force = ((f, self._codes.find_in_force(f.code, on)) for f in findings)
        valid = [f if code == f.code else replace(f, code=code) for f, code in in_force if code]
        candidates = gather_candidates(valid)
        codable = [c for c in candidates if is_codable(c.finding, reading, exhaustive=exhaustive)]
        style = Style.NARRATIVE if exhaustive else tell_style(reading)
        roles = {} if style is Style.NARRATIVE else assign_roles(codable, reading, style)
        vaguer = drop_less_specific(self._codes, [c.code for c in codable])
        coded = {c.code for c in codable}
        ranked = [self._rank(c, reading, vaguer, roles.get(c.code), c.code in coded, style) for c in candidates]
        return tuple(self._suggest(r, reading) for r in put_in_order(ranked))

    def _rank(
        self,
        candidate: Candidate,
        reading: Reading,
        vaguer: frozenset[str],
        role: Role | None,
        codable: bool,
        style: Style,
    ) -> _Ranked:
        entry = term_key(candidate.finding)
        score = self._weights.score(
            describe(candidate, self._codes, vaguer), self._weights.priors(candidate.code, entry)
        )
        odds = log(score / (1 - score))
        threshold = EXHAUSTIVE_THRESHOLD
        if style is not Style.NARRATIVE:
            odds = LOG_ODDS[role or Role.MENTIONED] + _RANKER_SHARE * max(-2.0, min(2.0, odds))
            threshold = ENCOUNTER_THRESHOLD
        facts = find_support(candidate.code, reading.chart.coded_facts)
        odds += _FACT_SHIFT * bool(facts)
        odds += reading.chart.learned.shift(entry, reading.chart.specialty)
        confidence = 1 / (1 + exp(-odds))
        return _Ranked(candidate, confidence, codable and confidence >= threshold, role, entry, facts)

    def _suggest(self, ranked: _Ranked, reading: Reading) -> Suggestion:
        finding = ranked.candidate.finding
        facts = ranked.facts
        return Suggestion(
            CodeSystem.ICD10CM,
            finding.code,
            self._codes.title(finding.code),
            round(ranked.confidence, 4),
            ranked.selected,
            finding.assertion,
            cite(finding.mentions, reading),
            finding.missing,
            explain(ranked, bool(facts), reading.chart.learned.explain(ranked.entry, reading.chart.specialty)),
            facts,
            ranked.entry,
        )


def is_codable(finding: Finding, reading: Reading, *, exhaustive: bool = False) -> bool:
    """Whether the text claims it enough to code it, and no convention withholds it.

    An uncertain diagnosis counts only for inpatients (II.H, IV.H); what is over or a relative's only as a code of
    history that the note names as a problem; what another code takes the place of only when every condition is asked.
    """
    if finding.withheld and not (exhaustive and finding.withheld is not Withheld.UNCONFIRMED):
        return False
    if finding.assertion is HISTORICAL or finding.assertion is FAMILY:
        return is_history(finding.code) and any(mention.problem for mention in finding.mentions)
    if finding.assertion is UNCERTAIN:
        return reading.chart.setting is Setting.INPATIENT
    return finding.assertion is PRESENT


def put_in_order(ranked: Iterable[_Ranked]) -> list[_Ranked]:
    """First what is selected; problems as the note lists them, then by confidence; etiology before manifestation."""
    ordered = sorted(ranked, key=_place)
    for item in [r for r in ordered if r.candidate.finding.after is not None]:
        positions = {r.candidate.code: n for n, r in enumerate(ordered)}
        before = positions.get(item.candidate.finding.after or "", -1)
        if before > positions[item.candidate.code]:
            ordered.remove(item)
            ordered.insert(before, item)
    return ordered


def _place(ranked: _Ranked) -> tuple[bool, bool, int, int, float, str]:
    problem = ranked.role is Role.PROBLEM
    external = ranked.candidate.code[0] in "VWXY"
    mention = next((m for m in ranked.candidate.finding.mentions if m.problem), ranked.candidate.finding.mentions[0])
    position = (mention.document, mention.start) if problem else (0, 0)
    return (not ranked.selected, external or not problem, *position, -ranked.confidence, ranked.candidate.code)


def explain(ranked: _Ranked, has_facts: bool, learned: str) -> str:
    """One sentence for the coder: what the words claim, the role, what the stages added, what supports or moved it."""
    finding = ranked.candidate.finding
    parts = [str(finding.assertion), *([str(ranked.role)] if ranked.role else []), *finding.reasons]
    if has_facts:
        parts.append("also coded in the chart's data")
    if learned:
        parts.append(learned)
    return f"{finding.mentions[0].term!r}: {', '.join(parts)}"


def cite(mentions: Iterable[Mention], reading: Reading) -> tuple[Evidence, ...]:
    """The mentions as evidence."""
    documents = reading.chart.documents
    return tuple([Evidence.of(documents[m.document], m.start, m.end) for m in mentions])
