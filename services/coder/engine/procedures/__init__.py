"""Inpatient procedures: ICD-10-PCS codes built by table from operative texts and Procedure resources.

Place in the flow: `services.whole` asks for it beside diagnoses and services; pure. `reading` finds what was done and
the words that tell its details, `build` puts codes together and holds them against the official tables, which the
`Chart` carries where they are loaded; here what belongs to another procedure is left out, and the rest put in order.
Invariants: inpatients only (45 CFR 162.1002: others are coded in CPT and HCPCS); no character is guessed: what is not
documented is named as missing.
Source: ICD-10-PCS Official Guidelines for Coding and Reporting 2026.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache

from services.coder.engine.given import GivenFact, GivenKind
from services.coder.engine.model import Assertion, Chart, CodedFact, CodeSystem, Setting, Suggestion
from services.coder.engine.procedures.build import build_codes, is_converted
from services.coder.engine.procedures.reading import Assess, Told, read_document, read_fact
from services.coder.engine.procedures.vocabulary import load_pairs, load_vocabulary
from shared.fhir import systems

_CONFIDENCE_RECORDED = 0.85
_INSPECTION, _PERITONEAL = "J", "W"
_THROUGH_PERITONEUM = frozenset("DFTUW7")
"""Body systems that are reached through the peritoneal cavity; inspecting it is part of operating on them."""
_SURGICAL = "0"
_BY_ENDOSCOPE = "8"
_THROUGH_LUMEN = {"D": frozenset("6FW"), "T": frozenset("W")}
"""Body systems that an endoscope reaches through the gut (veins of the esophagus, bile ducts, its own lumen) and the
urinary tract; inspecting these is part of operating on them."""


def suggest_inpatient_procedures(chart: Chart, assess: Assess) -> list[Suggestion]:
    """Suggest the ICD-10-PCS codes of a stay: operations, then diagnostic ones, then the other sections."""
    if chart.setting is not Setting.INPATIENT:
        return []
    built = [each for told in _gather(chart, assess) for each in _build(chart, told)]
    suggestions = _merge([*_list_recorded(chart), *built])
    complete = {each.code[:3] for each in suggestions if each.selected}
    kept = [each for each in suggestions if each.selected or each.code[:3] not in complete]
    return sorted((each for each in kept if not _is_part(each, kept)), key=_rank)


def _gather(chart: Chart, assess: Assess) -> list[list[Told]]:
    """All mentions of each operation, in the order of first mention."""
    vocabulary = load_vocabulary()
    mentions: defaultdict[str, list[Told]] = defaultdict(list)
    for number in range(len(chart.documents)):
        for told in read_document(chart, number, vocabulary, assess):
            mentions[told.operation.number].append(told)
    for fact in chart.given:
        # A resource that carries the code says it better than its title does.
        for told in [] if fact.code_in(systems.ICD10PCS) else read_fact(fact, vocabulary, chart.procedure_tables):
            mentions[told.operation.number].append(told)
    return list(mentions.values())


def _build(chart: Chart, told: Sequence[Told]) -> Iterator[Suggestion]:
    codes = build_codes(chart, told, load_vocabulary(), chart.procedure_tables)
    yield from codes
    inspection = _load_inspections().get(told[0].operation.table) if is_converted(told) else None
    if inspection and codes and codes[0].selected:
        why = "The attempt by endoscope before it was finished open is an inspection of its own (B3.2d)."
        yield codes[0]._replace(code=inspection, display="inspection before conversion", missing=(), why=why)


@cache
def _load_inspections() -> dict[str, str]:
    return load_pairs("inspections.tsv")


def _list_recorded(chart: Chart) -> Iterator[Suggestion]:
    """The procedures whose resource names an ICD-10-PCS code."""
    for fact in chart.given:
        code = fact.code_in(systems.ICD10PCS).upper()
        tables = chart.procedure_tables
        if fact.kind is GivenKind.PROCEDURE and len(code) == len("0FT44ZZ") and (tables is None or tables.has(code)):
            yield _suggest_recorded(fact, code)


def _suggest_recorded(fact: GivenFact, code: str) -> Suggestion:
    return Suggestion(
        system=CodeSystem.ICD10PCS,
        code=code,
        display=fact.title or "procedure as recorded",
        confidence=_CONFIDENCE_RECORDED,
        selected=True,
        assertion=Assertion.PRESENT,
        evidence=(),
        why="Recorded as done, with this code.",
        facts=(CodedFact(fact.path, systems.ICD10PCS, code, fact.title),),
    )


def _merge(suggestions: Sequence[Suggestion]) -> list[Suggestion]:
    """One suggestion a code: the surest, with all that speaks for it."""
    merged: dict[str, Suggestion] = {}
    for each in suggestions:
        known = merged.get(each.code)
        if known is None:
            merged[each.code] = each
            continue
        first, other = (known, each) if known.confidence >= each.confidence else (each, known)
        evidence = tuple(dict.fromkeys([*first.evidence, *other.evidence]))
        merged[each.code] = first._replace(evidence=evidence, facts=tuple(dict.fromkeys([*first.facts, *other.facts])))
    return list(merged.values())


def _is_part(suggestion: Suggestion, all_of_them: Sequence[Suggestion]) -> bool:
    """An inspection is part of what is done at the same site by the same way (B3.11a)."""
    code = suggestion.code
    if code[0] != _SURGICAL or code[2] != _INSPECTION:
        return False
    return any(
        other.selected and other.code[0] == _SURGICAL and other.code[2] != _INSPECTION and _reaches(other.code, code)
        for other in all_of_them
    )


def _reaches(done: str, inspected: str) -> bool:
    same_way = done[4] == inspected[4]
    same_site = done[1] == inspected[1] or (inspected[1] == _PERITONEAL and done[1] in _THROUGH_PERITONEUM)
    through = inspected[4] == _BY_ENDOSCOPE and done[1] in _THROUGH_LUMEN.get(inspected[1], ())
    return same_way and (same_site or through)


def _rank(suggestion: Suggestion) -> tuple[bool, bool, bool]:
    """Definitive treatment goes before diagnosis (UHDDS, selection of the principal procedure)."""
    code = suggestion.code
    return not suggestion.selected, code[0] not in "01", code[2] == _INSPECTION or code[6] == "X"
