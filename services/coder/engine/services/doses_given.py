"""The doses that a chart tells of: from structured data, and from the words of its notes.

Place in the flow: `drugs` and `drug_administration` make lines of them; pure. Invariant: a dose that a note tells of
is not counted beside the structured one of the same drug, and what was prescribed, planned or declined is none.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from services.coder.engine.given import Amount, GivenFact, GivenKind, Strength
from services.coder.engine.model import Chart, CodedFact, Evidence
from services.coder.engine.services.dose_words import DoseWords, Route, keep_just_before, read_dose, read_route
from services.coder.engine.services.drug_table import BY_PROCEDURE, INHALED, Drug, find_billed, find_coded, find_named
from services.coder.engine.services.notes import find_places, is_note, list_sentences
from services.coder.engine.services.words import WordPattern
from shared.fhir import systems

_GIVEN = WordPattern(
    "given|gave|administered|received|injected|injection of|administration of|infused|pushed|bolused|tolerated"
    "|nebulized"
)
_NOT_HERE = re.compile(
    r"(?i)\b(?:no(?! (?:waste|wastage|complications?|adverse|reactions?|drug))|not|denie[sd]|declin\w+|refus\w+|never"
    r"|if|should|consider|will|would|unless|allerg\w+|yesterday|previous\w*|last|prior to arrival|ems|in the field"
    r"|at home|outside (?:hospital|facility))\b"
)
_ORDERED = re.compile(
    r"(?i)\b(?:prescri\w+|rx|refill\w*|continue\w*|start(?:ed|ing)?|take[sn]?|taking|daily|weekly|monthly|bid|tid|qid"
    r"|qhs|prn|as needed|every \d+|q ?\d+ ?h\w*|schedul\w+|plan(?:ned)?|order(?:ed|s)?|increase|decrease"
    r"|recommend\w*)\b"
)
_BESIDE = re.compile(r"(?i)\b(?:wast\w+|discard\w+|vial|single[- ](?:dose|use)|syringe)\b")
_MEASURED = re.compile(r"\d ?(?i:m?c?g|units?|iu|meq|ml|cc|l)\b")
"""A sentence about a dose has this, or a word of giving; the many others are not searched for drugs."""
_BEFORE = 40
"""Characters before a drug's name in which its dose may stand, as in "60 mg of ketorolac"."""
_REACH = 2
"""Sentences after a dose in which its vial may be told of."""
_UNTOLD = frozenset({None, Route.MOUTH})


class Mention(NamedTuple):
    """A drug in a sentence, and the words around its name that are about it; `end` is where they end in the text."""

    drug: Drug
    before: str
    name: str
    after: str
    end: int


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose: what was given, how, and what is documented beside it."""

    drug: Drug
    amount: Amount | None
    strength: Strength | None
    route: Route | None
    times: int
    minutes: int | None
    size: Amount | None
    discarded: Amount | None
    is_single_dose: bool | None
    said_given: bool
    evidence: tuple[Evidence, ...] = ()
    facts: tuple[CodedFact, ...] = ()
    reasons: tuple[str, ...] = ()


def list_doses(chart: Chart) -> list[Dose]:
    """List the doses of a chart, structured ones first; the words of a note add to the structured dose of its drug."""
    structured = [dose for fact in chart.given if (dose := _read_fact(fact, chart))]
    told = _drop_repeated(dose for number in range(len(chart.documents)) for dose in _read_note(chart, number))
    completed = [_complete(dose, told) for dose in structured]
    known = {dose.drug.code for dose in structured}
    return [*completed, *(dose for dose in told if dose.drug.code not in known)]


def _read_fact(fact: GivenFact, chart: Chart) -> Dose | None:
    if fact.kind is not GivenKind.DRUG:
        return None
    named = next(iter(find_named(fact.title, chart.service_date)), None)
    drug = (
        find_billed(fact.billed_as, chart.service_date)
        or find_coded(fact.code_in(systems.RXNORM), chart.service_date)
        or (named[0] if named else None)
    )
    words = read_dose(f"{fact.title} {fact.text}")
    route = read_route(fact.route) or (words.route if not fact.route else None)
    if drug is None or route is Route.MOUTH:
        return None
    dose = _make_dose(drug, words, said_given=True)
    system, code = next(iter(fact.codes), ("", ""))
    return replace(
        dose,
        amount=fact.amount or read_dose(fact.text).amount,
        strength=fact.strength or words.strength,
        route=route,
        minutes=fact.minutes if fact.minutes is not None else words.minutes,
        facts=(CodedFact(fact.path, system, code, fact.title),),
        reasons=fact.reasons,
    )


def _read_note(chart: Chart, number: int) -> Iterator[Dose]:
    document, sentences = chart.documents[number], list_sentences(chart.documents[number])
    in_report = not is_note(chart, document)
    given = find_places(sentences, _GIVEN.find(document.text))
    measured = find_places(sentences, _MEASURED.finditer(document.text))
    for place in sorted(given | measured):
        start, end = sentences[place]
        sentence, said_given = document.text[start:end], place in given
        for mention in _list_mentions(chart, document.text, (start, end), sentences[place + 1 :]):
            if in_report and mention.drug.kind != BY_PROCEDURE:
                continue  # Of a report only what its own procedure took counts, such as contrast.
            words = _read_words(mention, said_given)
            if _is_dose(words, sentence, said_given):
                evidence = Evidence.of(document, start, max(end, mention.end))
                yield replace(_make_dose(mention.drug, words, said_given), evidence=(evidence,))


def _list_mentions(
    chart: Chart, text: str, sentence: tuple[int, int], following: Sequence[tuple[int, int]]
) -> Iterator[Mention]:
    """The drugs of a sentence, each with the words that are about it and about no other."""
    start, end = sentence
    named = list(find_named(text, chart.service_date, start, end))
    for place, (drug, begin, stop) in enumerate(named):
        until = named[place + 1][1] if place + 1 < len(named) else _reach(chart, text, end, following)
        before = text[max(named[place - 1][2] if place else start, begin - _BEFORE) : begin]
        yield Mention(
            drug, keep_just_before(before) if place else before, text[begin:stop], text[stop:until], end=until
        )


def _reach(chart: Chart, text: str, end: int, following: Sequence[tuple[int, int]]) -> int:
    """A sentence about the vial, or about what was wasted, belongs to the drug of one or two sentences before it."""
    reached = end
    for span in following[:_REACH]:
        if any(find_named(text, chart.service_date, *span)):
            break
        reached = span[1] if _BESIDE.search(text, *span) else reached
    return reached


def _read_words(mention: Mention, said_given: bool) -> DoseWords:
    words = read_dose(mention.after, mention.before, mention.name)
    inhaled = mention.drug.kind == INHALED and words.route is None and said_given
    return replace(words, route=Route.INHALED) if inhaled else words


def _is_dose(words: DoseWords, sentence: str, said_given: bool) -> bool:
    """A drug by a route that somebody has to give, and not one for another day or place."""
    by_somebody = words.route not in _UNTOLD or (said_given and words.route is None and words.amount is not None)
    told = said_given or (words.amount is not None and not _ORDERED.search(sentence))
    return by_somebody and told and not _NOT_HERE.search(sentence)


def _make_dose(drug: Drug, words: DoseWords, said_given: bool) -> Dose:
    return Dose(
        drug=drug,
        amount=words.amount,
        strength=words.strength,
        route=words.route,
        times=words.times,
        minutes=words.minutes,
        size=words.size,
        discarded=words.discarded,
        is_single_dose=True if drug.is_single_dose else words.is_single_dose,
        said_given=said_given,
    )


def _drop_repeated(doses: Iterator[Dose]) -> list[Dose]:
    """A note repeats itself: the same amount of the same drug is one dose, and a mention without an amount is none."""
    unique: dict[tuple[str, Decimal | None, str], Dose] = {}
    for dose in doses:
        key = (dose.drug.code, dose.amount.value if dose.amount else None, dose.amount.unit if dose.amount else "")
        known = unique.get(key)
        if known is None or (dose.said_given and not known.said_given):
            unique[key] = dose
    measured = {dose.drug.code for dose in unique.values() if dose.amount}
    return [dose for dose in unique.values() if dose.amount or dose.drug.code not in measured]


def _complete(dose: Dose, told: Sequence[Dose]) -> Dose:
    """Fill what structured data left open from the words of a note about the same drug, and cite them."""
    same = next((each for each in told if each.drug.code == dose.drug.code), None)
    if same is None:
        return dose
    return replace(
        dose,
        amount=dose.amount or same.amount,
        strength=dose.strength or same.strength,
        route=dose.route or same.route,
        minutes=dose.minutes if dose.minutes is not None else same.minutes,
        size=dose.size or same.size,
        discarded=dose.discarded or same.discarded,
        is_single_dose=same.is_single_dose if dose.is_single_dose is None else dose.is_single_dose,
        evidence=same.evidence,
    )
