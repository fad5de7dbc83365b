"""Turns what is over, and what relatives have, into the codes of personal and family history.

Place in the flow: after combination. Examples: "history of breast cancer" is Z85.3, "her mother had diabetes" is Z83.3,
"old myocardial infarction" is I25.2 (Guidelines I.C.21.c.4). Invariants: the assertion stays that of the words; nothing
becomes history that the chart also calls present; without a code of history the finding is left alone.
"""

from dataclasses import replace

from services.coder.engine.conventions.tables import load_prefix_map
from services.coder.engine.findings import Finding, Reading
from services.coder.engine.model import FAMILY, HISTORICAL, PRESENT
from services.coder.engine.stages import regroup

_TABLES = {HISTORICAL: "personal_history.tsv", FAMILY: "family_history.tsv"}
_KINDS = {HISTORICAL: "over, so it is history", FAMILY: "a relative's"}


def code_history(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """Replace each historical or family finding by its code of history, where there is one."""
    concerned = [f for f in findings if f.assertion is HISTORICAL or f.assertion is FAMILY]
    if not concerned:
        return findings
    active = {f.code[:3] for f in findings if f.assertion is PRESENT}
    turned = {id(f): _turn(f, active, reading) for f in concerned}
    return regroup(turned.get(id(f), f) for f in findings)


def _turn(finding: Finding, active: set[str], reading: Reading) -> Finding:
    table = _TABLES.get(finding.assertion)
    code = load_prefix_map(table).get(finding.code) if table else None
    is_over = finding.assertion is HISTORICAL
    if code is None or code not in reading.codes or (is_over and finding.code[:3] in active):
        return finding
    reason = f"{finding.code} is {_KINDS[finding.assertion]} (I.C.21.c.4)"
    return replace(finding, code=code, missing=(), reasons=(*finding.reasons, reason), after=None)


def is_history(code: str) -> bool:
    """Whether `code` itself says that the condition is over, or a relative's."""
    return code.startswith(_HISTORY)


_HISTORY = ("Z80", "Z81", "Z82", "Z83", "Z84", "Z85", "Z86", "Z87", "I25.2")
