"""Lets a chart confirm what it suspects elsewhere: the definite statement decides, wherever it stands.

Place in the flow: the first of the conventions. Example: "right foot pain, consistent with a Lisfranc fracture"
in the assessment, and "the films show a Lisfranc fracture" in the plan, are that fracture, on the right. Invariant:
only a statement where the note concludes confirms, and only the same condition, its side apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.coder.engine.conventions.combination import is_reportable
from services.coder.engine.conventions.integral import is_concluded
from services.coder.engine.findings import Finding, Reading
from services.coder.engine.model import PRESENT, UNCERTAIN
from services.coder.engine.specificity import load_specifier
from services.coder.engine.stages import regroup
from shared.codesets.icd10cm import CodeSet


def confirm_suspicions(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """Join each uncertain finding with the present one that confirms it; the side may come from either."""
    suspected = [f.code for f in findings if f.assertion is UNCERTAIN]
    if not suspected:
        return findings
    stated = [f.code for f in findings if is_reportable(f) and is_concluded(f)]
    statements = {code: _find_statement(code, stated, reading.codes) for code in suspected}
    confirmed = {statement: code for code, statement in statements.items() if statement}
    return regroup(_confirm(f, confirmed) for f in findings)


def _confirm(finding: Finding, confirmed: Mapping[str, str]) -> Finding:
    """A suspicion becomes present; a statement takes the side that the suspicion tells."""
    if finding.assertion is UNCERTAIN and finding.code in confirmed.values():
        reason = "suspected here and stated elsewhere in the chart"
        return replace(finding, assertion=PRESENT, reasons=(*finding.reasons, reason))
    if finding.assertion is PRESENT and finding.code in confirmed:
        return replace(finding, code=confirmed[finding.code])
    return finding


def _find_statement(code: str, stated: Sequence[str], codes: CodeSet) -> str | None:
    """The stated code that is `code`, or `code` without its side."""
    if code in stated:
        return code
    return next((other for other in _name_sideless(code, codes) if other in stated), None)


def _name_sideless(code: str, codes: CodeSet) -> tuple[str, ...]:
    """`code` as it would be if no side were told."""
    if code not in codes:
        return ()
    node = codes.node_of(code)
    sideless = load_specifier(codes).side_family(node).get("unspecified")
    if sideless is None:
        return ()
    return (sideless if node == code else codes.with_seventh(sideless, code[-1]),)
