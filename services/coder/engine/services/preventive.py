"""Preventive visits: by age and history of the patient, or Medicare's wellness visits.

Place in the flow: `visits` asks it before the level of an office visit; pure. Invariant: a preventive visit is one by
the words of its note, or by the diagnosis of an examination without complaint; one of another day is none.
Sources: CPT, preventive medicine services; CMS Pub. 100-04, chapter 12, section 30.6.1.1 and chapter 18, section 140.
"""

import re
from collections.abc import Sequence

from services.coder.engine.model import Chart, CodeSystem, Evidence, Suggestion
from services.coder.engine.services.lines import find_first_line, is_medicare, list_diagnoses, propose
from services.coder.engine.services.tables import load_rows
from services.coder.engine.services.visit_levels import (
    CONFIDENCE,
    CONFIDENCE_WITH_GAPS,
    SEPARATE_VISIT,
    is_beside_procedure,
    list_codes,
)
from services.coder.engine.services.words import WordPattern

_EXAMINATIONS = ("Z00.0", "Z00.1", "Z00.3", "Z01.41", "Z02.0", "Z02.5")
"""Diagnoses of an examination without complaint: of adults, children, gynaecological, for school and sports."""
_PREVENTIVE = WordPattern(
    r"annual (?:physical|wellness|preventive|health)(?: exam\w*| visit| maintenance)?"
    r"|well[- ](?:child|baby|woman|adult|infant)(?: (?:check|exam|visit|care)\w*)?"
    r"|preventive (?:visit|exam\w*|care|medicine|health)|health maintenance (?:visit|exam\w*)"
    r"|(?:yearly|school|sports) physical(?: exam\w*)?|wellness (?:visit|exam\w*)"
    r"|(?:initial preventive|welcome to medicare) (?:physical|visit|exam)\w*"
)
_OTHER_DAY = re.compile(
    r"(?i)\b(?:schedul\w+|next|due|overdue|last|prior|previous|follow[- ]?up|returns?|part of|at (?:her|his|the))\b"
    r"[^.\n]{0,40}$"
)
_WELCOME = re.compile(r"(?i)welcome to medicare|initial preventive")
_WELLNESS = re.compile(r"(?i)wellness")
_FIRST = re.compile(r"(?i)(?:first|initial) (?:medicare )?(?:annual )?wellness")
_LATER = re.compile(r"(?i)subsequent (?:medicare )?(?:annual )?wellness")


def suggest_preventive(
    chart: Chart,
    notes: Sequence[int],
    diagnoses: Sequence[Suggestion],
    others: Sequence[Suggestion],
    *,
    is_new: bool,
    missing: tuple[str, ...],
) -> Suggestion | None:
    """Suggest the preventive visit that `notes` (numbers into `chart.documents`) tell of, None where they do not."""
    evidence = _find_evidence(chart, notes, diagnoses)
    if not evidence:
        return None
    code, words, gaps = _choose(chart, notes, is_new=is_new, missing=missing)
    if not code:
        return None
    system = CodeSystem.HCPCS if code.startswith("G") else CodeSystem.CPT
    confidence = CONFIDENCE_WITH_GAPS if gaps else CONFIDENCE
    visit = propose(code, words, "A preventive visit.", evidence=evidence, confidence=confidence, system=system)
    own = list_codes(diagnoses, {chart.documents[number].document_id for number in notes})
    return visit._replace(
        missing=gaps,
        modifiers=(SEPARATE_VISIT,) if is_beside_procedure(others) else (),
        justified_by=tuple(sorted(own, key=lambda each: not each.startswith(_EXAMINATIONS))),
    )


def _find_evidence(chart: Chart, notes: Sequence[int], diagnoses: Sequence[Suggestion]) -> tuple[Evidence, ...]:
    documents = [chart.documents[number] for number in notes]
    for document in documents:
        if _PREVENTIVE.find_first(document.title) or _PREVENTIVE.find_first(chart.encounter_type):
            return (Evidence.of(document, *find_first_line(document.text)),)
        for match in _PREVENTIVE.find(document.text):
            if not _OTHER_DAY.search(document.text[max(0, match.start() - 60) : match.start()]):
                return (Evidence.of(document, *match.span()),)
    ids = {document.document_id for document in documents}
    examinations = [each for each in list_diagnoses(diagnoses) if each.code.startswith(_EXAMINATIONS)]
    return tuple(span for each in examinations for span in each.evidence if span.document_id in ids)


def _choose(
    chart: Chart, notes: Sequence[int], *, is_new: bool, missing: tuple[str, ...]
) -> tuple[str, str, tuple[str, ...]]:
    """Number, words and gaps; no number where the age is not known."""
    text = "\n".join([chart.encounter_type, *(chart.documents[n].title + chart.documents[n].text for n in notes)])
    if is_medicare(chart.payer) and _WELCOME.search(text):
        return "G0402", "preventive visit on becoming a member of Medicare", ()
    if is_medicare(chart.payer) and _WELLNESS.search(text):
        if _FIRST.search(text):
            return "G0438", "first annual wellness visit of Medicare", ()
        gaps = () if _LATER.search(text) else ("first or later wellness visit",)
        return "G0439", "later annual wellness visit of Medicare", gaps
    age = chart.patient_age_years
    row = next((r for r in load_rows("preventive_levels.tsv") if age is not None and age <= int(r["until"])), None)
    return (row["new" if is_new else "established"], row["words"], missing) if row else ("", "", ())
