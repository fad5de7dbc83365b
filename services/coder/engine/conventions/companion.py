"""Withholds what is reported only beside another code, and names the links between conditions that are not documented.

Place in the flow: after combination, before sequence. Examples: a body mass index counts only beside obesity or
malnutrition (Guidelines I.B.14); sepsis beside acute kidney failure asks whether one caused the other (I.C.1.d.1.a).
Invariant: no link is presumed here; the coder is told what is missing.
"""

from dataclasses import replace

from services.coder.engine.conventions.combination import is_reportable
from services.coder.engine.conventions.integral import withhold
from services.coder.engine.conventions.tables import read_table
from services.coder.engine.findings import Finding, Reading, Withheld


def withhold_unaccompanied(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """Withhold each finding of `companions.tsv` whose diagnosis the chart does not hold."""
    reported = [f.code for f in findings if is_reportable(f)]
    for row in read_table("companions.tsv"):
        codes, beside = tuple(row["codes"].split()), tuple(row["beside"].split())
        if any(c.startswith(codes) for c in reported) and not any(c.startswith(beside) for c in reported):
            reason = f"only beside its diagnosis ({row['guideline']})"
            findings = tuple(
                withhold(f, Withheld.UNACCOMPANIED, reason) if is_reportable(f) and f.code.startswith(codes) else f
                for f in findings
            )
    return findings


def name_missing_links(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """Add to `missing` each link of `links.tsv` that the chart leaves open."""
    reported = [f.code for f in findings if is_reportable(f)]
    for row in read_table("links.tsv"):
        codes, others, unless = (tuple(row[column].split()) for column in ("codes", "with", "unless"))
        concerned = any(c.startswith(codes) for c in reported) and any(c.startswith(others) for c in reported)
        if concerned and not any(c.startswith(unless) for c in reported):
            findings = tuple(
                replace(f, missing=(*f.missing, row["missing"])) if is_reportable(f) and f.code.startswith(codes) else f
                for f in findings
            )
    return findings
