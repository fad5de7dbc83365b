"""A chart's imaging lines: each report's services, with the modifiers that tell part, repetition and distinctness.

Place in the flow: `suggest_services` calls it; `imaging` reads single titles, this puts them beside each other; pure.
Invariant: of the same number with the same side only the first stands without 76, 77, 59 or an X modifier.
Sources: CMS NCCI Policy Manual, chapters 1 and 9; CMS Pub. 100-04, chapters 13 (26, TC) and 23.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from services.coder.engine.model import Chart, Evidence, ReportFact, Suggestion
from services.coder.engine.services.imaging import ExamService, find_services
from services.coder.engine.services.lines import (
    CONFIDENCE_OFFER,
    FINAL,
    IMAGING,
    LABORATORY,
    choose_distinct,
    cite_report,
    justify,
    name_fact,
    propose,
    read_documents,
)
from services.coder.engine.services.tables import load_rows

_CONFIDENCE, _CONFIDENCE_WITH_GAPS = 0.9, 0.6
_HAS_PARTS = re.compile(r"[79]\d{4}")
"""Numbers of procedures that are done under imaging have no professional and technical part."""
_PROFESSIONAL_CLASSES = frozenset({"EMER"})
"""Encounters in a facility whose claim is the professional's: the facility bills the technical part itself."""
_READ_ELSEWHERE = re.compile(
    r"(?i)\b(?:interpretation only|professional component only|outside (?:films?|images?|study))\b"
)
_ONLY_TAKEN = re.compile(
    r"(?i)\b(?:technical component only|interpretation (?:to be )?billed separately|tracing only)\b"
)


@dataclass(frozen=True, slots=True)
class Examined:
    """A service of a report, with the modifiers of its place in the chart so far."""

    report: ReportFact
    service: ExamService
    extra: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    offered: bool = False


def suggest_imaging(chart: Chart, diagnoses: Sequence[Suggestion]) -> Iterator[Suggestion]:
    """Suggest the services of a chart's final reports of imaging and other diagnostics."""
    before: list[Examined] = []
    for examined in _list_examined(chart):
        told_apart = _tell_apart(examined, before, chart.payer)
        before.append(told_apart)
        yield _suggest(chart, diagnoses, told_apart)


def _list_examined(chart: Chart) -> Iterator[Examined]:
    """The services in the order of the reports; a whole study before the parts of it that others report."""
    found = []
    for report in chart.reports:
        categories = set(report.categories)
        if report.status in FINAL and not categories & LABORATORY:
            text = "\n".join(document.text for document in read_documents(chart, report))
            services = find_services(report.title, report.loinc, text, is_imaging=bool(categories & IMAGING))
            found += [Examined(report, service) for service in services]
    parts = {part for whole, part in _load_bundles() if whole in {each.service.code for each in found}}
    return iter(sorted(found, key=lambda each: each.service.code in parts))


def _tell_apart(examined: Examined, before: Sequence[Examined], payer: str) -> Examined:
    same = [each for each in before if _is_same_line(each.service, examined.service)]
    if not same:
        return _tell_part(examined, before, payer)
    if all(each.service.region != examined.service.region for each in same):
        return replace(examined, extra=(choose_distinct("XS", payer),))
    who, others = _name_reader(examined.report), {_name_reader(each.report) for each in same}
    gaps = () if who and all(others) else ("who performed it again",)
    return replace(examined, extra=("77" if who and who not in others and all(others) else "76",), gaps=gaps)


def _is_same_line(one: ExamService, other: ExamService) -> bool:
    return (one.code, one.modifiers) == (other.code, other.modifiers)


def _tell_part(examined: Examined, before: Sequence[Examined], payer: str) -> Examined:
    """A part of a study that is on the chart is separate only when a person says so: it is offered, not selected."""
    wholes = {whole for whole, part in _load_bundles() if part == examined.service.code}
    whole = next((each for each in before if each.service.code in wholes), None)
    if whole is None:
        return examined
    form = _choose_form(whole.report, examined.report)
    return replace(examined, extra=(choose_distinct(form, payer),), gaps=("separate service",), offered=True)


def _choose_form(whole: ReportFact, part: ReportFact) -> str:
    """Another practitioner (XP), another encounter of the day (XE), else beyond the usual parts of the whole (XU)."""
    readers = {_name_reader(whole), _name_reader(part)}
    if len(readers) > 1 and "" not in readers:
        return "XP"
    times = {whole.performed_at, part.performed_at}
    return "XE" if len(times) > 1 and None not in times else "XU"


def _name_reader(report: ReportFact) -> str:
    return next(iter((*report.interpreters, *report.performers)), "")


def _suggest(chart: Chart, diagnoses: Sequence[Suggestion], examined: Examined) -> Suggestion:
    report, service = examined.report, examined.service
    code, part = _choose_part(chart, report, service.code)
    missing = (*service.missing, *examined.gaps)
    confidence = _CONFIDENCE_WITH_GAPS if missing else _CONFIDENCE
    suggestion = propose(
        code,
        service.words,
        _explain(service),
        evidence=(*cite_report(chart, report), *_cite_technique(chart, examined)),
        confidence=CONFIDENCE_OFFER if examined.offered else confidence,
    )
    return suggestion._replace(
        selected=not examined.offered,
        missing=missing,
        facts=(name_fact(report),),
        modifiers=(*part, *service.modifiers, *examined.extra),
        justified_by=justify(diagnoses, report.document_ids, service.region.indications),
    )


def _choose_part(chart: Chart, report: ReportFact, code: str) -> tuple[str, tuple[str, ...]]:
    """The number and modifier of the part that was rendered: professional (26), technical (TC) or both."""
    if not _HAS_PARTS.fullmatch(code):
        return code, ()
    documents = read_documents(chart, report)
    read = bool(report.interpreters) or any(document.text.strip() for document in documents)
    texts = [report.title, *(document.text for document in documents)]
    professional = read and chart.encounter_class in _PROFESSIONAL_CLASSES
    own_numbers = _load_components().get(code)
    if professional or any(_READ_ELSEWHERE.search(text) for text in texts):
        return (own_numbers[0], ()) if own_numbers else (code, ("26",))
    if any(_ONLY_TAKEN.search(text) for text in texts):
        return (own_numbers[1], ()) if own_numbers else (code, ("TC",))
    return code, ()


def _explain(service: ExamService) -> str:
    said = f"The report's title names {service.words}"
    return f"{said}; not said: {', '.join(service.missing)}." if service.missing else f"{said}."


def _cite_technique(chart: Chart, examined: Examined) -> tuple[Evidence, ...]:
    """Where the technique completed the title; spans are of one text, so only a report with one text is cited."""
    documents = read_documents(chart, examined.report)
    if examined.service.technique is None or len(documents) != 1:
        return ()
    return (Evidence.of(documents[0], *examined.service.technique),)


@cache
def _load_components() -> dict[str, tuple[str, str]]:
    return {row["code"]: (row["professional"], row["technical"]) for row in load_rows("imaging_components.tsv")}


@cache
def _load_bundles() -> frozenset[tuple[str, str]]:
    return frozenset((row["whole"], row["part"]) for row in load_rows("imaging_bundles.tsv"))
