"""What every service line has in common: its evidence, its coded fact, and the diagnoses that make it necessary.

Place in the flow: `imaging`, `laboratory` and `visits` build their suggestions here; pure. Invariant: a line justifies
itself only by selected diagnoses, at most as many as a claim line can point to.
"""

from collections.abc import Iterable, Sequence

from services.coder.engine.model import (
    Assertion,
    Chart,
    CodedFact,
    CodeSystem,
    Document,
    Evidence,
    ReportFact,
    Suggestion,
)

MAX_POINTERS = 4
"""A service line may point to at most four diagnoses (NUCC 1500 form, box 24E; X12 837P SV107)."""
CONFIDENCE_OFFER = 0.3
"""Of what a person has to ask for: it is shown, not selected."""
LOINC = "http://loinc.org"
FINAL = frozenset({"final", "amended", "corrected", "appended"})
"""States of a report that say that the service was rendered (FHIR R4 DiagnosticReport.status)."""
LABORATORY = frozenset({"LAB", "CH", "HM", "MB", "SR", "UR", "BLB", "IMM", "TX", "VR", "laboratory", "LP29693-6"})
IMAGING = frozenset(
    {"RAD", "IMG", "CT", "CUS", "MCD", "NMR", "NMS", "RUS", "RX", "OUS", "VUS", "XRC", "EC", "imaging", "radiology"}
    | {"LP29684-5", "LP29708-2"}
)
"""Categories of diagnostic services (HL7 v2-0074, US Core)."""


FACILITY_ONLY = frozenset({"IMP", "ACUTE", "NONAC"})
"""Encounters whose drugs and supplies are paid within the stay and are no lines (CMS Pub. 100-04, chapter 3)."""
FACILITY_OWN = frozenset({"EMER"})
"""Encounters in a facility whose claim is the professional's: drugs, supplies and their giving are the facility's."""


def propose(
    code: str,
    words: str,
    why: str,
    *,
    evidence: Iterable[Evidence] = (),
    confidence: float,
    system: CodeSystem = CodeSystem.CPT,
) -> Suggestion:
    """Propose a service in our own words."""
    return Suggestion(
        system=system,
        code=code,
        display=words,
        confidence=confidence,
        selected=True,
        assertion=Assertion.PRESENT,
        evidence=tuple(evidence),
        why=why,
    )


def cite_report(chart: Chart, report: ReportFact) -> tuple[Evidence, ...]:
    """Cite where a report's text names the examination, else its first line; nothing where it has no text."""
    return tuple(_cite_title(each, report.title) for each in read_documents(chart, report) if each.text.strip())


def read_documents(chart: Chart, report: ReportFact) -> list[Document]:
    """The texts of a report, in the chart's order."""
    return [document for document in chart.documents if document.document_id in report.document_ids]


def name_fact(report: ReportFact) -> CodedFact:
    """The report itself as a coded fact."""
    return CodedFact(report.path, LOINC if report.loinc else "", report.loinc, report.title)


def justify(diagnoses: Sequence[Suggestion], documents: Iterable[str], prefixes: Sequence[str]) -> tuple[str, ...]:
    """The selected diagnoses that make a service necessary: those of its own report, then those of its indications."""
    own = set(documents)
    chosen = list_diagnoses(diagnoses)
    told = [each.code for each in chosen if any(span.document_id in own for span in each.evidence)]
    indicated = [each.code for each in chosen if each.code.startswith(tuple(prefixes))] if prefixes else []
    return tuple(dict.fromkeys([*told, *indicated]))[:MAX_POINTERS]


def list_diagnoses(suggestions: Iterable[Suggestion]) -> list[Suggestion]:
    """The selected diagnoses, in the order in which they would be reported."""
    return [each for each in suggestions if each.system is CodeSystem.ICD10CM and each.selected]


def justify_given(
    diagnoses: Sequence[Suggestion], reasons: Sequence[str], documents: Iterable[str], prefixes: Sequence[str]
) -> tuple[str, ...]:
    """The selected diagnoses for which something was given: stated reasons and indications, else those of its note."""
    own, chosen = set(documents), list_diagnoses(diagnoses)
    stated = [each.code for each in chosen if each.code in reasons]
    indicated = [each.code for prefix in prefixes for each in chosen if each.code.startswith(prefix)]
    beside = [each.code for each in chosen if any(span.document_id in own for span in each.evidence)]
    return tuple(dict.fromkeys([*stated, *indicated] or beside))[:MAX_POINTERS]


def is_medicare(payer: str) -> bool:
    """Whether a payer, known by name, follows Medicare's rules."""
    return "medicare" in payer.lower()


def choose_distinct(form: str, payer: str) -> str:
    """Medicare takes the X forms, others know 59 (CMS MLN1783722)."""
    return form if is_medicare(payer) else "59"


def offer_of_facility(chart: Chart, suggestion: Suggestion) -> Suggestion:
    """What the facility bills stands on the professional's chart as an offer only."""
    if chart.encounter_class not in FACILITY_OWN:
        return suggestion
    why = f"{suggestion.why} In a facility it is the facility that bills it."
    return suggestion._replace(selected=False, confidence=CONFIDENCE_OFFER, why=why)


def merge_repeated(suggestions: Iterable[Suggestion]) -> list[Suggestion]:
    """Put lines of the same number, modifiers and place together: their units add up, and so does what shows them."""
    merged: dict[tuple[CodeSystem, str, tuple[str, ...], str], Suggestion] = {}
    for each in suggestions:
        key = (each.system, each.code, each.modifiers, each.place_of_service)
        known = merged.get(key)
        merged[key] = each if known is None else _add_units(known, each)
    return list(merged.values())


def _add_units(line: Suggestion, more: Suggestion) -> Suggestion:
    return line._replace(
        units=line.units + more.units,
        evidence=tuple(dict.fromkeys([*line.evidence, *more.evidence])),
        facts=tuple(dict.fromkeys([*line.facts, *more.facts])),
        missing=tuple(dict.fromkeys([*line.missing, *more.missing])),
        justified_by=tuple(dict.fromkeys([*line.justified_by, *more.justified_by]))[:MAX_POINTERS],
        confidence=min(line.confidence, more.confidence),
        selected=line.selected or more.selected,
    )


def _cite_title(document: Document, title: str) -> Evidence:
    start = document.text.lower().find(title.lower()) if title else -1
    if start >= 0 and len(document.text.lower()) == len(document.text):
        return Evidence.of(document, start, start + len(title.lower()))
    return Evidence.of(document, *find_first_line(document.text))


def find_first_line(text: str) -> tuple[int, int]:
    """The span of the first line of a text that is not blank."""
    start = len(text) - len(text.lstrip())
    return start, start + len(text[start:].split("\n", 1)[0].rstrip())
