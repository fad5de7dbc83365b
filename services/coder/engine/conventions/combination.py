"""Joins two findings where the classification has one code for both, and presumes the link that "with" stands for.

Place in the flow: after subsumption. Example: "hypertension" and "systolic heart failure" in one chart are
I11.0 with I50.20 after it (Guidelines I.C.9.a.1). Invariants: both conditions are present; what the combination absorbs
leaves its mentions to it, and what it does not absorb stays the problem that it was; where the words call the two
unrelated, nothing is joined.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Self

from services.coder.engine.conventions.tables import Row, categories_of, read_table
from services.coder.engine.findings import Finding, Reading
from services.coder.engine.model import PRESENT
from services.coder.engine.specificity import name_open_details
from services.coder.engine.stages import merge, regroup

_UNRELATED = re.compile(
    r"\b(?:not (?:due|related|secondary|attribut\w+|caused)|un(?:related|associated)|non-?(?:diabetic|hypertensive))\b",
    re.IGNORECASE,
)
_REACH = 80


@dataclass(frozen=True, slots=True)
class Combination:
    """One row of `combinations.tsv`, ready to be applied."""

    base: tuple[str, ...]
    other: tuple[str, ...]
    result: str
    absorbs: tuple[str, ...]
    words: re.Pattern[str]
    guideline: str
    base_categories: frozenset[str]
    other_categories: frozenset[str]

    @classmethod
    def parse(cls, row: Row) -> Self:
        """Read one row of the table."""
        base, other, absorbs = (tuple(row[column].split()) for column in ("base", "with", "absorbs"))
        words = re.compile(row["words"], re.IGNORECASE)
        categories = (categories_of(base), categories_of(other))
        return cls(base, other, row["result"], absorbs, words, row["guideline"], *categories)

    def concerns(self, categories: frozenset[str]) -> bool:
        """Whether a chart with codes of `categories` can hold both conditions."""
        return not (categories.isdisjoint(self.base_categories) or categories.isdisjoint(self.other_categories))

    def name_result(self, base: Finding, other: Finding) -> str:
        """The combination code of two findings."""
        tail = next(other.code[len(prefix) :] for prefix in self.other if other.code.startswith(prefix))
        return (
            self.result.replace("{category}", base.code[:3]).replace("{with}", other.code[:3]).replace("{tail}", tail)
        )


@cache
def load_combinations() -> tuple[Combination, ...]:
    """The table, in the order in which its rows apply."""
    return tuple(Combination.parse(row) for row in read_table("combinations.tsv"))


def combine(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """Apply every row of the table that fits."""
    categories = categories_of(f.code for f in findings if is_reportable(f))
    for row in load_combinations():
        if row.concerns(categories):
            findings = _apply(row, findings, reading)
            categories = categories_of(f.code for f in findings if is_reportable(f))
    return findings


def _apply(row: Combination, findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    present = [f for f in findings if is_reportable(f)]
    bases = [f for f in present if f.code.startswith(row.base)]
    others = [f for f in present if f.code.startswith(row.other) and _may_join(f, row, reading)]
    for base in bases:
        for other in others:
            if other is not base and base in findings and other in findings:
                findings = _join(row, base, other, findings, reading)
    return findings


def _join(
    row: Combination, base: Finding, other: Finding, findings: tuple[Finding, ...], reading: Reading
) -> tuple[Finding, ...]:
    code = row.name_result(base, other)
    if code not in reading.codes:
        return findings
    absorbed = [f for f in findings if _is_absorbed(f, row, code)]
    joined = Finding(
        code,
        PRESENT,
        base.mentions if base in absorbed else tuple(m._replace(problem=False) for m in base.mentions),
        name_open_details(reading.codes.title(code)),
        (f"{base.code} and {other.code} make {code} ({row.guideline})",),
        base.after,
    )
    for finding in (other, *absorbed):
        joined = merge_new(joined, finding)
    rest = [f for f in findings if f not in absorbed]
    at = min((findings.index(f) for f in (base, *absorbed)), default=0)
    before = sum(f not in absorbed for f in findings[:at])
    return regroup((*rest[:before], joined, *rest[before:]))


def _is_absorbed(finding: Finding, row: Combination, code: str) -> bool:
    return is_reportable(finding) and finding.code != code and finding.code.startswith(row.absorbs)


def is_reportable(finding: Finding) -> bool:
    """Whether a finding is present and nothing withholds it."""
    return finding.assertion is PRESENT and finding.withheld is None


def merge_new(into: Finding, other: Finding) -> Finding:
    """`into` with those mentions of `other` that it does not have."""
    known = set(into.mentions)
    return merge(into, replace(other, mentions=tuple(m for m in other.mentions if m not in known)))


def _may_join(finding: Finding, row: Combination, reading: Reading) -> bool:
    return _holds_words(finding, row.words) and not any(
        _UNRELATED.search(words) for words in contexts(finding, reading)
    )


def _holds_words(finding: Finding, words: re.Pattern[str]) -> bool:
    return not words.pattern or any(words.search(mention.term) for mention in finding.mentions)


def contexts(finding: Finding, reading: Reading) -> Iterable[str]:
    """The words around each mention of `finding`, on its line."""
    for mention in finding.mentions:
        text = reading.chart.documents[mention.document].text
        before = text[max(0, mention.start - _REACH) : mention.start].rpartition("\n")[2]
        yield before + text[mention.start : mention.end] + text[mention.end : mention.end + _REACH].partition("\n")[0]
