"""Gives chapter 15 precedence while the patient is pregnant, and every trimester that the chart tells.

Place in the flow: after combination, before exclusion. Example: "32 weeks pregnant" and "hypertension" are O10.013, not
I10; "anemia" is O99.013 with D64.9 after it (Guidelines I.C.15.a.1, I.C.15.a.3). Invariants: only what is present is
moved; a pregnancy that the clinician calls incidental (Z33.1) moves nothing; a trimester that nobody told stays open.
"""

import re
from dataclasses import replace
from functools import cache

from services.coder.engine.conventions.combination import is_reportable
from services.coder.engine.conventions.tables import Row, read_table
from services.coder.engine.findings import Finding, Reading
from services.coder.engine.stages import regroup
from shared.codesets.icd10cm import CodeSet

_PREGNANT = ("O09", "O1", "O2", "O3", "O4", "O6", "O98", "O99", "O9A", "Z34", "Z3A")
_TRIMESTER = re.compile(r"\b(first|second|third|1st|2nd|3rd) trimester\b", re.IGNORECASE)
_ORDINALS = {"1st": "first", "2nd": "second", "3rd": "third"}
_OPEN = "unspecified trimester"


def code_pregnancy(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """Move conditions into chapter 15 and settle trimesters, when the chart tells of a pregnancy."""
    pregnancy = [f.code for f in findings if is_reportable(f) and f.code.startswith(_PREGNANT)]
    if not pregnancy or any(f.code == "Z33.1" and is_reportable(f) for f in findings):
        return findings
    trimester = find_trimester(pregnancy, reading)
    coded: list[Finding] = []
    for finding in findings:
        coded += _complicate(finding, trimester, reading.codes) if is_reportable(finding) else (finding,)
    return regroup(coded)


def find_trimester(pregnancy: list[str], reading: Reading) -> str | None:
    """ "first", "second" or "third": by the weeks of gestation (14 and 28 begin the later two), else by its name."""
    weeks = [int(code[4:]) for code in pregnancy if code.startswith("Z3A.") and code[4:] not in {"00", "49"}]
    if weeks:
        return "first" if max(weeks) < 14 else "second" if max(weeks) < 28 else "third"
    named = {m[1].lower() for document in reading.chart.documents for m in _TRIMESTER.finditer(document.text)}
    ordinals = {_ORDINALS.get(name, name) for name in named}
    return ordinals.pop() if len(ordinals) == 1 else None


def _complicate(finding: Finding, trimester: str | None, codes: CodeSet) -> tuple[Finding, ...]:
    """The finding in chapter 15, with its own code after it where both are reported."""
    if finding.code[0] in "OZ":
        return (_settle(finding, finding.code, trimester, codes),)
    row = next((row for row in read_table("pregnancy.tsv") if finding.code.startswith(_prefixes(row))), None)
    code = _name_open(row["complicating"], codes) if row else None
    if row is None or code is None:
        return (finding,)
    reason = f"{finding.code} in pregnancy ({row['guideline']})"
    moved = _settle(
        replace(finding, missing=("trimester",), reasons=(*finding.reasons, reason), after=None), code, trimester, codes
    )
    return (moved, finding) if row["keeps"] == "yes" else (moved,)


def _settle(finding: Finding, code: str, trimester: str | None, codes: CodeSet) -> Finding:
    """`finding` as `code`, or as the code beside it that says the trimester."""
    told = _name_told(code, trimester, codes) if trimester and code in codes else None
    if told is None:
        return replace(finding, code=code)
    return replace(finding, code=told, missing=tuple(m for m in finding.missing if m != "trimester"))


@cache
def _name_told(code: str, trimester: str, codes: CodeSet) -> str | None:
    title = codes.title(code)
    if _OPEN not in title:
        return None
    wanted = title.replace(_OPEN, f"{trimester} trimester")
    return next((c for c in codes.leaves(codes.ancestors(code)[0]) if codes.title(c) == wanted), None)


@cache
def _name_open(subcategory: str, codes: CodeSet) -> str | None:
    return next((code for code in codes.leaves(subcategory) if _OPEN in codes.title(code)), None)


def _prefixes(row: Row) -> tuple[str, ...]:
    return tuple(row["conditions"].split())
