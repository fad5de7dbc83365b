"""Withholds what another code says too: symptoms that a disease explains, and "uncomplicated" beside the complication.

Place in the flow: around combination. Examples: with pneumonia in the impression, cough is withheld (Guidelines I.B.5);
beside E11.22, E11.9 is told in full. Invariants: only what is present, and concluded where the chart has a place for
conclusions, explains; what is withheld is shown with its reason, not dropped.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, lru_cache

from services.coder.engine.conventions.combination import is_reportable, merge_new
from services.coder.engine.conventions.tables import read_table
from services.coder.engine.document import ASSESSING
from services.coder.engine.findings import Finding, Reading, Withheld
from services.coder.engine.model import PRESENT
from services.coder.engine.sections import SectionKind
from services.coder.engine.stages import is_codable

_CONCLUDING = ASSESSING | {SectionKind.FINDINGS, SectionKind.HOSPITAL_COURSE}

Rules = Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]
"""By the category of what gives way: its prefix, and the prefixes to which it gives way."""


@cache
def load_rules(name: str) -> Rules:
    """A table of two columns of code prefixes, by the category of the first."""
    rules: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for row in read_table(name):
        given, taken = (tuple(cell.split()) for cell in row.values())
        for prefix in given:
            rules[prefix[:3]].append((prefix, taken))
    return {category: tuple(rows) for category, rows in rules.items()}


def withhold_integral(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """Withhold the symptoms that a disease of the chart explains."""
    if not any(name_takers(f.code, "integral.tsv") for f in findings):
        return findings
    concludes = any(section.kind in _CONCLUDING for sections in reading.sections for section in sections)
    diseases = [f.code for f in _present(findings) if not concludes or is_concluded(f)]
    return tuple(_explain(finding, diseases) for finding in findings)


def _explain(finding: Finding, diseases: Iterable[str]) -> Finding:
    if finding.withheld or not is_codable(finding):
        return finding
    disease = next(find_takers(finding.code, diseases, "integral.tsv"), None)
    if disease is None:
        return finding
    return withhold(finding, Withheld.INTEGRAL, f"integral to {disease} (I.B.5)")


def subsume(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """Withhold a code beside one that says more of the same condition, which takes its place among the problems."""
    present = {f.code: f for f in _present(findings)}
    changed: dict[str, Finding] = {}
    for code, finding in present.items():
        takers = [changed.get(taker, present[taker]) for taker in find_takers(code, present, "subsumed.tsv")]
        if takers:
            fullest = max(takers, key=lambda f: (_is_problem(f), len(f.mentions)))
            if _is_problem(finding) and not _is_problem(fullest):
                changed[fullest.code] = merge_new(fullest, finding)
            changed[code] = withhold(changed.get(code, finding), Withheld.SUBSUMED, f"told in full by {fullest.code}")
    return tuple(changed.get(f.code, f) if f.assertion is PRESENT else f for f in findings)


def find_takers(code: str, present: Iterable[str], table: str) -> Iterator[str]:
    """The codes of `present` to which `code` gives way, by the rules of `table`."""
    taken = name_takers(code, table)
    return (other for other in present if other.startswith(taken) and other != code) if taken else iter(())


@lru_cache(maxsize=50_000)
def name_takers(code: str, table: str) -> tuple[str, ...]:
    """The prefixes of all codes to which `code` gives way; kept, since the same few codes come again and again."""
    rows = load_rules(table).get(code[:3], ())
    return tuple(other for prefix, others in rows if code.startswith(prefix) for other in others)


def withhold(finding: Finding, why: Withheld, reason: str) -> Finding:
    """`finding`, kept from being reported."""
    return replace(finding, withheld=why, reasons=(*finding.reasons, reason))


def _present(findings: Iterable[Finding]) -> Iterable[Finding]:
    return filter(is_reportable, findings)


def is_concluded(finding: Finding) -> bool:
    """Whether a finding stands where a note concludes."""
    return any(m.problem or m.section in _CONCLUDING for m in finding.mentions)


def _is_problem(finding: Finding) -> bool:
    return any(m.problem for m in finding.mentions)
