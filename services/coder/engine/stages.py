"""Stages that look at all findings of a chart together: sides told elsewhere, and vague codes beside exact ones.

Place in the flow: between gathering and the coding conventions. Each is a pure function; the example of each is in its
docstring. Invariant: a stage adds no words of its own; mentions only move to the finding that absorbs theirs.
"""

from collections.abc import Iterable
from dataclasses import replace

from services.coder.engine.findings import Finding, Reading
from services.coder.engine.model import Assertion
from services.coder.engine.sections import SectionKind


def read_indications(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """In the indication of a study, "history of" introduces what the study is for, not what is over.

    Example: "CLINICAL HISTORY: 14-year-old with history of cough." is a patient with a cough (R05.9).
    """
    return regroup(
        replace(f, assertion=Assertion.PRESENT) if f.assertion is Assertion.HISTORICAL and _is_indicated(f) else f
        for f in findings
    )


def _is_indicated(finding: Finding) -> bool:
    return all(m.section in _INDICATING for m in finding.mentions)


_INDICATING = frozenset({SectionKind.INDICATION, SectionKind.CHIEF_COMPLAINT})


def regroup(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings with at most one for each code and assertion, in the order of first mention."""
    gathered: dict[tuple[str, Assertion], Finding] = {}
    for finding in findings:
        key = (finding.code, finding.assertion)
        gathered[key] = merge(gathered[key], finding) if key in gathered else finding
    return tuple(gathered.values())


def merge(into: Finding, other: Finding) -> Finding:
    """`into` with the mentions of `other`, in order of position."""
    mentions = sorted((*into.mentions, *other.mentions), key=lambda m: (m.document, m.start))
    return replace(into, mentions=tuple(mentions))


def is_codable(finding: Finding) -> bool:
    """Whether the text claims that the patient has, or may have, the condition."""
    return finding.assertion in {Assertion.PRESENT, Assertion.UNCERTAIN}
