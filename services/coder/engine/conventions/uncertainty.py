"""Says how an uncertain diagnosis is treated, by setting and by condition.

Place in the flow: before sequence. Examples: "probable pneumonia" is not coded for an outpatient, whose symptoms stand
instead (Guidelines IV.H), and is coded as if it existed at an inpatient's discharge (II.H); "suspected COVID-19" is
coded for neither (I.C.1.g.1). Invariant: the assertion stays uncertain; only whether and why it counts is added.
"""

from dataclasses import replace

from services.coder.engine.conventions.integral import withhold
from services.coder.engine.document import ASSESSING
from services.coder.engine.findings import Finding, Reading, Withheld
from services.coder.engine.model import UNCERTAIN, Setting
from services.coder.engine.sections import SectionKind

# HIV, Zika, avian and other identified influenza, COVID-19: I.C.1.a.1, I.C.1.f, I.C.10.c, I.C.1.g.1.
_ONLY_CONFIRMED = ("B20", "A92.5", "J09", "J10", "U07.1")
_FINAL = ASSESSING | {SectionKind.HOSPITAL_COURSE, SectionKind.OTHER}


def weigh_uncertainty(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """Explain each uncertain finding, and withhold those that only confirmation lets be coded."""
    if not any(f.assertion is UNCERTAIN for f in findings):
        return findings
    is_inpatient = reading.chart.setting is Setting.INPATIENT
    return tuple(_weigh(f, is_inpatient=is_inpatient) if f.assertion is UNCERTAIN else f for f in findings)


def _weigh(finding: Finding, *, is_inpatient: bool) -> Finding:
    if not is_inpatient:
        return replace(finding, reasons=(*finding.reasons, "uncertain, so not coded for an outpatient (IV.H)"))
    if finding.code.startswith(_ONLY_CONFIRMED):
        return withhold(finding, Withheld.UNCONFIRMED, "coded only when confirmed (I.C.1.a.1, I.C.1.g.1, I.C.10.c)")
    if not any(m.section in _FINAL for m in finding.mentions):
        return withhold(finding, Withheld.UNCONFIRMED, "not in the final statement of the stay (II.H)")
    return replace(finding, reasons=(*finding.reasons, "uncertain at discharge, coded as if it existed (II.H)"))
