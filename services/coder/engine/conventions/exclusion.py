"""Resolves Excludes1: two codes that are never reported together, unless the conditions are unrelated.

Place in the flow: after combination and subsumption. Example: "pain" (R52) beside "low back pain" (M54.50) is withheld,
since the note at R52 sends pain by site elsewhere (Guidelines I.A.12.a). Invariants: a symptom or a history gives way
to a disease, else the code at which the note stands, and only when it is the vaguer one or the note stands at both;
otherwise both stay, and the coder is told.
"""

from collections.abc import Iterator
from dataclasses import replace

from services.coder.engine.conventions.combination import is_reportable
from services.coder.engine.conventions.history import is_history
from services.coder.engine.conventions.integral import withhold
from services.coder.engine.conventions.notes import read_notes
from services.coder.engine.findings import Finding, Reading, Withheld
from services.coder.engine.model import PRESENT
from shared.codesets.icd10cm import CodeSet, NoteKind


def resolve_excludes1(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """Withhold, of each pair that an Excludes1 note keeps apart, the one that gives way; else explain the conflict."""
    codes = reading.codes
    present = {f.code: f for f in findings if is_reportable(f) and f.code in codes}
    conflicts = list(find_conflicts(tuple(present), codes))
    for code, other in conflicts:
        if not (present[code].withheld or present[other].withheld):
            is_mutual = (other, code) in conflicts
            loser = _find_loser(present[code], present[other], codes, is_mutual=is_mutual)
            winner = other if loser == code else code
            present[loser] = _settle(present[loser], winner, codes, is_mutual=is_mutual)
    return tuple(present.get(f.code, f) if f.assertion is PRESENT else f for f in findings)


def find_conflicts(present: tuple[str, ...], codes: CodeSet) -> Iterator[tuple[str, str]]:
    """The pairs of a code and another that an Excludes1 note at or above it names."""
    for code in present:
        notes = read_notes(codes, code, NoteKind.EXCLUDES1)
        yield from ((code, other) for other in notes.find(present) if other != code)


def _find_loser(noted: Finding, named: Finding, codes: CodeSet, *, is_mutual: bool) -> str:
    """The code that gives way: a symptom or a history before a disease, else the one with the note, else the vaguer."""
    if _says_less(noted.code) != _says_less(named.code):
        return noted.code if _says_less(noted.code) else named.code
    if not is_mutual:
        return noted.code
    return min(
        (noted, named),
        key=lambda f: (not _is_vague(f.code, codes), any(m.problem for m in f.mentions), len(f.mentions), f.code),
    ).code


def _settle(finding: Finding, winner: str, codes: CodeSet, *, is_mutual: bool) -> Finding:
    if _is_vague(finding.code, codes) or is_mutual:
        return withhold(finding, Withheld.EXCLUDED, f"never with {winner} (Excludes1, I.A.12.a)")
    reason = f"with {winner} only when the two are unrelated (Excludes1, I.A.12.a)"
    return replace(finding, reasons=(*finding.reasons, reason))


def _is_vague(code: str, codes: CodeSet) -> bool:
    title = codes.title(code).lower()
    return _says_less(code) or "unspecified" in title or "not elsewhere classified" in title


def _says_less(code: str) -> bool:
    return code[0] == "R" or is_history(code)
