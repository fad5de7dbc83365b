"""Says which code is listed before which, and which companion a code still asks for.

Place in the flow: the last of the conventions. Examples: N18.4 comes after I12.9 ("code first"), L97.- after E11.621
("use additional code"), pneumonia after sepsis (Guidelines I.A.13, I.A.17, I.C.1.d.4). Invariants: nothing is added or
removed; `after` names a code that is itself among the findings; "code also" gives no order.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

from services.coder.engine.conventions.combination import is_reportable
from services.coder.engine.conventions.notes import Targets, read_notes
from services.coder.engine.conventions.tables import read_table
from services.coder.engine.findings import Finding, Reading
from services.coder.engine.model import PRESENT
from shared.codesets.icd10cm import CodeSet, NoteKind, in_targets, read_targets

_UNDERLYING_CONDITION = "underlying condition"
_UNDERLYING = re.compile(r"(?:the )?underlying (?!.*\bif\b)")
_DETAIL = re.compile(r"code to identify (?:the )?((?:stage|site|type|severity) of [^(,:]+?) \(")


def put_in_sequence(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """Set `after` and `missing` of the findings that will be reported."""
    reported = {f.code: f for f in findings if is_reportable(f) and f.code in reading.codes}
    pairs = dict(find_pairs(tuple(reported), reading.codes))
    changed = {code: _complete(f, pairs.get(code), reported, reading.codes) for code, f in reported.items()}
    return tuple(changed.get(f.code, f) if f.assertion is PRESENT else f for f in findings)


def find_pairs(reported: tuple[str, ...], codes: CodeSet) -> Iterator[tuple[str, str]]:
    """Pairs of a code and one that is listed before it; where several are, the last pair is the one to keep."""
    for before, after in _load_orders():
        firsts = [code for code in reported if code.startswith(before)]
        yield from ((code, firsts[0]) for code in reported if firsts and code.startswith(after))
    for second in reported:
        firsts = read_notes(codes, second, NoteKind.CODE_FIRST).find(reported)
        yield from ((second, first) for first in firsts if first != second)
    for first in reported:
        seconds = read_notes(codes, first, NoteKind.USE_ADDITIONAL).find(reported)
        yield from ((second, first) for second in seconds if second != first)


@cache
def _load_orders() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    return tuple((tuple(row["first"].split()), tuple(row["then"].split())) for row in read_table("sequence.tsv"))


def _complete(finding: Finding, before: str | None, reported: Mapping[str, Finding], codes: CodeSet) -> Finding:
    paired = finding.after if finding.after in reported else None
    demanded = (d for d in _find_missing(finding.code, reported, codes) if not (paired and d == _UNDERLYING_CONDITION))
    missing = (*finding.missing, *(detail for detail in demanded if detail not in finding.missing))
    # The pair of the Alphabetic Index that the words name goes before what the notes would allow.
    before = paired or before
    if finding.after == before:
        return finding if missing == finding.missing else replace(finding, missing=missing)
    if before is None:
        return replace(finding, missing=missing, after=None)
    reasons = (*finding.reasons, f"listed after {before}")
    return replace(finding, missing=missing, after=before, reasons=reasons)


def _find_missing(code: str, reported: Mapping[str, Finding], codes: CodeSet) -> Iterator[str]:
    """The companions that the notes of `code` call for and the chart does not name."""
    return (name for name, targets in read_demands(codes, code) if not any(in_targets(c, targets) for c in reported))


@cache
def read_demands(codes: CodeSet, code: str) -> tuple[tuple[str, Targets], ...]:
    """What must stand beside `code`: an underlying condition, or a further detail, with the codes that would do."""
    first = read_notes(codes, code, NoteKind.CODE_FIRST)
    is_manifestation = any(_UNDERLYING.match(text) for text in first.texts)
    demands = [(_UNDERLYING_CONDITION, first.targets)] if is_manifestation else []
    texts = read_notes(codes, code, NoteKind.USE_ADDITIONAL).texts
    details = [(match[1], read_targets(text)) for text in texts if (match := _DETAIL.match(text))]
    return (*demands, *details)
