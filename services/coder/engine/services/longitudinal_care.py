"""What Medicare adds to an office visit for care that goes on: the practitioner is the patient's own.

Place in the flow: `visits` adds it to office visits; pure. Invariant: only where the note says so in words, never
beside modifier 25, unless since 2025 all that it tells apart is preventive.
Source: HCPCS G2211; CMS MLN MM13473 (2024), CY 2025 physician fee schedule (preventive services on the same day).
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from services.coder.engine.model import Chart, CodeSystem, Evidence, Suggestion
from services.coder.engine.services.lines import is_medicare, propose
from services.coder.engine.services.notes import find_now
from services.coder.engine.services.visit_levels import CONFIDENCE, SEPARATE_VISIT, WANTS_SEPARATE_VISIT
from services.coder.engine.services.words import WordPattern

_FROM, _WITH_PREVENTIVE_FROM = date(2024, 1, 1), date(2025, 1, 1)
_OFFICE_VISIT = re.compile(r"992(?:0[2-5]|1[1-5])")
_IS_PREVENTIVE = re.compile(r"904[67]\d|G0008|G0009|G0010|G0402|G0438|G0439")
_OWN_PATIENT = WordPattern(
    r"i am (?:the|her|his|their|this patient'?s) (?:pcp|primary care \w+)"
    r"|as (?:her|his|their|the patient'?s) (?:pcp|primary care \w+)"
    r"|longitudinal (?:care|relationship|management)|my long[- ]?(?:term|time|standing) patient"
    r"|(?:followed|managed|seen) (?:here|by me|in (?:this|our|my) (?:clinic|practice))"
    r" (?:for|since|regularly|long[- ]term)"
    r"|i (?:will )?continue to (?:follow|manage) (?:her|him|them|the patient)"
    r"|ongoing (?:longitudinal |therapeutic )?(?:relationship|primary care)|(?:known|established) patient of mine"
)


def suggest_longitudinal(
    chart: Chart,
    notes: Sequence[int],
    visit: Suggestion,
    others: Sequence[Suggestion],
    *,
    did_procedure: bool,
) -> Iterator[Suggestion]:
    """Suggest the addition to `visit`; `did_procedure` tells that its notes have a procedure."""
    day = chart.service_date
    if day is None or day < _FROM or not is_medicare(chart.payer):
        return
    if not visit.selected or not _OFFICE_VISIT.fullmatch(visit.code):
        return
    apart = [each for each in others if each.selected and WANTS_SEPARATE_VISIT.fullmatch(each.code)]
    preventive_only = not did_procedure and all(_IS_PREVENTIVE.fullmatch(each.code) for each in apart)
    if SEPARATE_VISIT in visit.modifiers and not (preventive_only and day >= _WITH_PREVENTIVE_FROM):
        return
    for number in notes:
        document = chart.documents[number]
        if match := find_now(_OWN_PATIENT, document):
            why = "The note says that the care of this practitioner for the patient goes on."
            evidence = (Evidence.of(document, *match.span()),)
            words = "addition to an office visit for care that goes on"
            line = propose("G2211", words, why, evidence=evidence, confidence=CONFIDENCE, system=CodeSystem.HCPCS)
            yield line._replace(justified_by=visit.justified_by)
            return
