"""Resolves Excludes1: two codes that are never reported together, unless the conditions are unrelated.

Place in the flow: after combination and subsumption. Example: "pain" (R52) beside "low back pain" (M54.50) is withheld,
since the note at R52 sends pain by site elsewhere (Guidelines I.A.12.a). Invariants: a symptom gives way to a disease,
else the code at which the note stands, and only when it is the vaguer one or the note stands at both; otherwise both
stay, and the coder is told.
"""

from dataclasses import replace
from itertools import combinations

from services.coder.engine.conventions.combination import is_reportable
from services.coder.engine.conventions.integral import withhold
from services.coder.engine.conventions.notes import read_notes
from services.coder.engine.findings import Finding, Reading, Withheld
from services.coder.engine.model import Assertion
from shared.codesets.icd10cm import CodeSet, NoteKind


def resolve_excludes1(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """Withhold, of each pair that an Excludes1 note keeps apart, the one that gives way; else explain the conflict."""
    codes = reading.codes
    present = {f.code: f for f in findings if is_reportable(f) and f.code in codes}
    for first, second in combinations(list(present), 2):
        if present[first].withheld or present[second].withheld:
            continue
        loser = _find_loser(present[first], present[second], codes)
        if loser is not None:
            winner = second if loser == first else first
            present[loser] = _settle(present[loser], winner, codes)
    return tuple(present.get(f.code, f) if f.assertion is Assertion.PRESENT else f for f in findings)


def _find_loser(first: Finding, second: Finding, codes: CodeSet) -> str | None:
    """The code that gives way: a symptom before a disease, else the one with the note, else the vaguer or less said."""
    noted = [a for a, b in ((first, second), (second, first)) if _excludes(a.code, b.code, codes)]
    symptoms = [f for f in (first, second) if _is_symptom(f.code)]
    if noted and len(symptoms) == 1:
        return symptoms[0].code
    noted.sort(key=lambda f: (not _is_vague(f.code, codes), any(m.problem for m in f.mentions), len(f.mentions)))
    return noted[0].code if noted else None


def _excludes(code: str, other: str, codes: CodeSet) -> bool:
    return read_notes(codes, code, NoteKind.EXCLUDES1).name(other)


def _settle(finding: Finding, winner: str, codes: CodeSet) -> Finding:
    is_mutual = _excludes(winner, finding.code, codes) and _excludes(finding.code, winner, codes)
    if _is_vague(finding.code, codes) or is_mutual:
        return withhold(finding, Withheld.EXCLUDED, f"never with {winner} (Excludes1, I.A.12.a)")
    reason = f"with {winner} only when the two are unrelated (Excludes1, I.A.12.a)"
    return replace(finding, reasons=(*finding.reasons, reason))


def _is_vague(code: str, codes: CodeSet) -> bool:
    title = codes.title(code).lower()
    return _is_symptom(code) or "unspecified" in title or "not elsewhere classified" in title


def _is_symptom(code: str) -> bool:
    return code[0] == "R"
