"""Describes a candidate code in words that a coder can read: the input of the ranker.

Place in the flow: between the stages and `choice`. A candidate is a code with all its findings. Invariant: features are
names of facts about the chart ("assertion=present", "chapter=18"), never about a patient or a single document.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import log
from typing import NamedTuple

from services.coder.engine.findings import Finding, Source
from services.coder.engine.model import ABSENT, FAMILY, HISTORICAL, HYPOTHETICAL, PRESENT, UNCERTAIN, Assertion
from services.coder.engine.tokens import read_words
from shared.codesets.icd10cm import CodeSet

STRENGTH = {a: n for n, a in enumerate(
    (PRESENT, UNCERTAIN, HISTORICAL, HYPOTHETICAL, FAMILY,
     ABSENT))}  # fmt: skip


class Candidate(NamedTuple):
    """A code, the finding under its strongest assertion, and the findings that say otherwise."""

    code: str
    finding: Finding
    others: tuple[Finding, ...]


def gather_candidates(findings: Sequence[Finding]) -> list[Candidate]:
    """One candidate a code, in the order of the findings."""
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    found = []
    for code, group in by_code.items():
        group.sort(key=lambda f: STRENGTH[f.assertion])
        found.append(Candidate(code, group[0], tuple(group[1:])))
    return found


def term_key(finding: Finding) -> str:
    """The name of the words that a finding rests on, for what is learned about them: folded words and code."""
    mentions = finding.mentions
    words = read_words(mentions[0].term if len(mentions) == 1 else max([m.term for m in mentions], key=len))
    return f"{' '.join(words[:6])}>{finding.code}"


_ASSERTIONS = {assertion: f"assertion={assertion}" for assertion in Assertion}
_SOURCES = {source: f"source={source}" for source in Source}
_MENTIONS = [f"mentions={count}" for count in range(4)]
_WORDS = [f"words={count}" for count in range(4)]


def describe(candidate: Candidate, codes: CodeSet, vaguer: frozenset[str]) -> list[str]:
    """The features of a candidate; `vaguer` are the codes that another code of the chart says more exactly."""
    code, finding, others = candidate
    mentions = finding.mentions
    longest = max([len(read_words(mention.term)) for mention in mentions])
    found = [
        _ASSERTIONS[finding.assertion],
        _SOURCES[mentions[0].source],
        _MENTIONS[min(3, len(mentions))],
        _WORDS[min(3, longest)],
        *describe_code(code, codes),
    ]
    if code in vaguer:
        found.append("vaguer")
    if others and any(other.assertion is ABSENT for other in others):
        found.append("also=absent")
    if finding.missing:
        found.append("missing")
    if finding.withheld is not None:
        found.append(f"withheld={finding.withheld}")
    if min([mention.start for mention in mentions]) < _OPENING:
        found.append("opening")
    return found


@lru_cache(maxsize=50_000)
def describe_code(code: str, codes: CodeSet) -> tuple[str, ...]:
    """The features that a code has whatever the chart says."""
    title = codes.title(code)
    found = [f"chapter={codes.chapter(code)}"]
    if "unspecified" in title.lower() or title.endswith("NOS"):
        found.append("title=unspecified")
    if title.startswith("Other"):
        found.append("title=other")
    return tuple(found)


_OPENING = 300


@lru_cache(maxsize=10_000)
def log_odds(right: float, seen: float, base: float, weight: float = 3.0) -> float:
    """Smoothed log-odds of a rate against `base`; `weight` is how many observations the base counts for."""
    rate = (right + weight * base) / (seen + weight)
    return log(rate / (1 - rate)) - log(base / (1 - base))
