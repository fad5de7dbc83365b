"""Vaccines and their giving: the product by CVX code or name, the first and each further one, or Medicare's number.

Place in the flow: `suggest_services` calls it; pure. Invariants: a vaccine that was refused, or given elsewhere, is
none; each product is one unit and each giving belongs to a product.
Sources: CPT, immunization administration guidelines (90460-90474); CMS Pub. 100-04, chapter 18, section 10.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from services.coder.engine.given import GivenFact, GivenKind
from services.coder.engine.model import Chart, CodedFact, CodeSystem, Evidence, Suggestion
from services.coder.engine.services.lines import (
    FACILITY_ONLY,
    is_medicare,
    justify_given,
    merge_repeated,
    offer_of_facility,
    propose,
)
from services.coder.engine.services.notes import list_sentences_with
from services.coder.engine.services.tables import load_rows
from services.coder.engine.services.words import WordPattern
from shared.fhir import systems

COUNSELLED_UNTIL_YEARS = 18
"""With documented counselling, giving to a patient up to this age has numbers of its own."""
_CONFIDENCE, _CONFIDENCE_OF_WORDS = 0.9, 0.7
_INDICATIONS = ("Z23", "Z00")
_GIVEN = WordPattern("given|administered|received|injected|vaccinated with|immunized with")
_NOT_HERE = re.compile(
    r"(?i)\b(?:declin\w+|refus\w+|defer\w*|due|overdue|not|never|will|should|recommend\w*|up to date|utd|history|prior"
    r"|previous\w*|last|ago|elsewhere|pharmacy|consider|offered|schedul\w+|(?:19|20)\d\d)\b"
)
_FLU = re.compile(r"(?i)\b(?:flu (?:shot|vaccine)|influenza vaccin\w+|fluzone|fluarix|flulaval|afluria)\b")
_COUNSELLED = re.compile(
    r"(?i)\b(?:vaccin\w+|immuniz\w+)\b[^.\n]{0,60}\bcounsel\w+|\bcounsel\w+[^.\n]{0,60}\b(?:vaccin\w+|immuniz\w+)"
)
_WITHOUT_NEEDLE = re.compile(r"(?i)nasal|by mouth")


@dataclass(frozen=True, slots=True)
class Vaccine:
    """A row of `vaccine_codes.tsv`."""

    code: str
    medicare: str
    name: re.Pattern[str] | None
    words: str


@dataclass(frozen=True, slots=True)
class Vaccination:
    """A vaccine that was given, and what shows it."""

    vaccine: Vaccine
    evidence: tuple[Evidence, ...] = ()
    facts: tuple[CodedFact, ...] = ()
    gaps: tuple[str, ...] = ()


def suggest_vaccines(chart: Chart, diagnoses: Sequence[Suggestion]) -> list[Suggestion]:
    """Suggest each vaccine and its giving; none where a stay pays for it."""
    if chart.encounter_class in FACILITY_ONLY:
        return []
    given = list(_list_given(chart))
    lines = [*_suggest_giving(chart, diagnoses, given), *(_suggest_product(diagnoses, each) for each in given)]
    return [offer_of_facility(chart, line) for line in merge_repeated(lines)]


def _list_given(chart: Chart) -> Iterator[Vaccination]:
    seen = set()
    for fact in chart.given:
        vaccine = _identify(fact)
        if vaccine and vaccine.code not in seen:
            seen.add(vaccine.code)
            coded = CodedFact(fact.path, systems.CVX, fact.code_in(systems.CVX), fact.title)
            yield Vaccination(vaccine, facts=(coded,))
    had_flu = any(code.startswith(("9065", "9066", "9067", "9068")) for code in seen)
    for number, document in enumerate(chart.documents):
        for start, end in list_sentences_with(_GIVEN, chart, number):
            sentence = document.text[start:end]
            if not _NOT_HERE.search(sentence):
                for told in _read_sentence(sentence, Evidence.of(document, start, end), had_flu=had_flu):
                    if told.vaccine.code not in seen:
                        seen.add(told.vaccine.code)
                        yield told


def _identify(fact: GivenFact) -> Vaccine | None:
    if fact.kind is not GivenKind.VACCINE:
        return None
    by_name = (each for each in _load_vaccines().values() if each.name and each.name.search(fact.title))
    return _load_vaccines().get(fact.code_in(systems.CVX)) or next(by_name, None)


def _read_sentence(sentence: str, evidence: Evidence, *, had_flu: bool) -> Iterator[Vaccination]:
    named = [each for each in dict.fromkeys(_load_vaccines().values()) if each.name and each.name.search(sentence)]
    for vaccine in named:
        yield Vaccination(vaccine, (evidence,))
    is_told = had_flu or any(each.medicare == "G0008" for each in named)
    if _FLU.search(sentence) and not is_told:
        yield Vaccination(_load_vaccines()["140"], (evidence,), gaps=("vaccine product",))


def _suggest_product(diagnoses: Sequence[Suggestion], given: Vaccination) -> Suggestion:
    vaccine = given.vaccine
    why = f"{vaccine.words[0].upper()}{vaccine.words[1:]} was given."
    return _fill(diagnoses, given, propose(vaccine.code, vaccine.words, why, confidence=_rate(given)))


def _suggest_giving(
    chart: Chart, diagnoses: Sequence[Suggestion], given: Sequence[Vaccination]
) -> Iterator[Suggestion]:
    place = 0
    for each in given:
        if is_medicare(chart.payer) and each.vaccine.medicare:
            words = "giving a vaccine that Medicare pays by itself"
            line = propose(
                each.vaccine.medicare, words, "Medicare's number.", confidence=_rate(each), system=CodeSystem.HCPCS
            )
        else:
            code, words = _choose_giving(chart, each.vaccine, place)
            line, place = propose(code, words, f"For {each.vaccine.words}.", confidence=_rate(each)), place + 1
        yield _fill(diagnoses, each, line)._replace(missing=())


def _choose_giving(chart: Chart, vaccine: Vaccine, place: int) -> tuple[str, str]:
    age = chart.patient_age_years
    counselled = any(_COUNSELLED.search(document.text) for document in chart.documents)
    if counselled and age is not None and age <= COUNSELLED_UNTIL_YEARS:
        return "90460", "giving a vaccine to a child with counselling, first component"
    if _WITHOUT_NEEDLE.search(vaccine.words):
        return (
            ("90474", "giving one more vaccine by nose or mouth")
            if place
            else ("90473", "giving a vaccine by nose or mouth")
        )
    return ("90472", "giving one more vaccine by needle") if place else ("90471", "giving a vaccine by needle")


def _rate(given: Vaccination) -> float:
    return _CONFIDENCE if given.facts else _CONFIDENCE_OF_WORDS


def _fill(diagnoses: Sequence[Suggestion], given: Vaccination, line: Suggestion) -> Suggestion:
    return line._replace(
        evidence=given.evidence,
        facts=given.facts,
        missing=given.gaps,
        justified_by=justify_given(diagnoses, (), [span.document_id for span in given.evidence], _INDICATIONS),
    )


@cache
def _load_vaccines() -> dict[str, Vaccine]:
    """By CVX code; codes of one row share the row."""
    found: dict[str, Vaccine] = {}
    for row in load_rows("vaccine_codes.tsv"):
        name = re.compile(rf"(?i)\b(?:{row['names']})\b") if row["names"] else None
        vaccine = Vaccine(row["code"], row["medicare"], name, row["words"])
        found.update(dict.fromkeys(row["cvx"].split(), vaccine))
    return found
