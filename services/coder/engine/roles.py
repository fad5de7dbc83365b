"""Tells what part a condition plays in an encounter from where it stands: the rules behind choice.

Place in the flow: `choice` turns a role into a confidence. A note with an assessment codes what it assesses; a report
codes what it concludes, and its indication; a narrative has no such places. Invariant: a role depends on sections,
headings and assertion alone, never on the condition's name.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum

from services.coder.engine.conventions.integral import find_takers
from services.coder.engine.document import ASSESSING
from services.coder.engine.features import Candidate
from services.coder.engine.findings import Reading
from services.coder.engine.model import HISTORICAL, Setting
from services.coder.engine.sections import SectionKind


class Style(StrEnum):
    """How a chart's notes are built."""

    ASSESSED = "assessed"
    REPORT = "report"
    NARRATIVE = "narrative"


class Role(StrEnum):
    """What part a candidate plays."""

    PROBLEM = "named as a problem in the assessment"
    CIRCUMSTANCE = "how an assessed injury came about"
    TOLD = "told of in an assessment that names no problem"
    ASSESSED = "mentioned in the assessment"
    TREATED = "present during the stay"
    CONCLUDED = "concluded by the report"
    INDICATED = "what the report was asked for"
    EXPLAINED = "a symptom that a confirmed disease explains"
    MENTIONED = "mentioned in the note"


LOG_ODDS = {
    Role.PROBLEM: 1.1,
    Role.CONCLUDED: 1.2,
    Role.INDICATED: 1.0,
    Role.CIRCUMSTANCE: 0.5,
    Role.TREATED: 0.4,
    Role.TOLD: 0.4,
    Role.ASSESSED: -1.0,
    Role.EXPLAINED: -1.5,
    Role.MENTIONED: -2.0,
}
"""How likely each role's codes are the encounter's, as log-odds: set by hand, as nothing may be trained for it."""

_ASSESSES = frozenset({SectionKind.ASSESSMENT, SectionKind.ASSESSMENT_AND_PLAN, SectionKind.PLAN})
_CONCLUDES = frozenset({SectionKind.IMPRESSION, SectionKind.FINDINGS})
_UNASSESSED = frozenset(
    {SectionKind.FAMILY_HISTORY, SectionKind.REVIEW_OF_SYSTEMS, SectionKind.INSTRUCTIONS, SectionKind.SOCIAL_HISTORY}
)


def tell_style(reading: Reading) -> Style:
    """The style of the chart, from the sections that it has."""
    kinds = {section.kind for sections in reading.sections for section in sections}
    if kinds & _ASSESSES or SectionKind.DISCHARGE_DIAGNOSES in kinds:
        return Style.ASSESSED
    return Style.REPORT if SectionKind.IMPRESSION in kinds else Style.NARRATIVE


def assign_roles(candidates: Sequence[Candidate], reading: Reading, style: Style) -> dict[str, Role]:
    """The role of each code. `candidates` are those that the text claims enough to code."""
    if style is Style.REPORT:
        return _assign_in_report(candidates)
    inpatient = reading.chart.setting is Setting.INPATIENT
    roles = {c.code: _role_in_assessed(c, inpatient=inpatient) for c in candidates}
    if any(role is Role.PROBLEM and code[0] in "ST" for code, role in roles.items()):
        roles |= {code: Role.CIRCUMSTANCE for code in roles if code[0] in "VWXY"}
    if Role.PROBLEM not in roles.values():
        roles |= {code: Role.TOLD for code, role in roles.items() if role is Role.ASSESSED and _is_disease(code)}
    return roles


def _assign_in_report(candidates: Sequence[Candidate]) -> dict[str, Role]:
    """A report codes what it concludes and was asked for, without the symptoms that it explains (IV.D, IV.K)."""
    codes = [c.code for c in candidates]
    has_reason = any(not code.startswith(_ASIDES) for code in codes)
    return {c.code: _role_in_report(c, codes, has_reason=has_reason) for c in candidates}


def _role_in_report(candidate: Candidate, codes: Sequence[str], *, has_reason: bool) -> Role:
    if has_reason and (candidate.code.startswith(_ASIDES) or _is_over(candidate)):
        return Role.MENTIONED
    if any(find_takers(candidate.code, codes, "integral.tsv")):
        return Role.EXPLAINED
    return Role.CONCLUDED if stands_in(candidate, _CONCLUDES) else Role.INDICATED


def _is_over(candidate: Candidate) -> bool:
    """Whether the report concludes that it is gone: "interval resolution of the effusion"."""
    return candidate.finding.assertion is HISTORICAL and stands_in(candidate, _CONCLUDES)


_ASIDES = ("B95", "B96", "B97", "L90", "R90", "R91", "R92", "R93", "Z90", "Z93", "Z95", "Z96", "Z97", "Z98")
"""Germs, scars, shadows, stomas and devices: why the study was asked for says more than they do."""


def _role_in_assessed(candidate: Candidate, *, inpatient: bool) -> Role:
    if any(m.problem for m in candidate.finding.mentions):
        return Role.PROBLEM
    if inpatient and _is_disease(candidate.code) and not stands_only_in(candidate, _UNASSESSED):
        return Role.TREATED
    return Role.ASSESSED if stands_in(candidate, ASSESSING) else Role.MENTIONED


def stands_in(candidate: Candidate, kinds: Collection[SectionKind]) -> bool:
    """Whether one of the candidate's mentions is in a section of `kinds`."""
    return any(m.section in kinds for m in candidate.finding.mentions)


def stands_only_in(candidate: Candidate, kinds: Collection[SectionKind]) -> bool:
    """Whether all of the candidate's mentions are in sections of `kinds`."""
    return all(m.section in kinds for m in candidate.finding.mentions)


def _is_disease(code: str) -> bool:
    return code[0] not in "RVWXYZ"
