"""HCPCS lines of supplies and equipment that were handed out or fitted.

Place in the flow: `suggest_services` calls it; pure. Invariants: what was ordered, declined or already at home is no
line; what two sources tell of is one line; a HCPCS code that structured data carries counts before any name.
Source: HCPCS Level II; CMS Pub. 100-04, chapter 20 (purchase and rental modifiers, sides).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from services.coder.engine.given import GivenFact, GivenKind
from services.coder.engine.model import Chart, CodedFact, CodeSystem, Evidence, Suggestion
from services.coder.engine.services.doses import count_units
from services.coder.engine.services.lines import FACILITY_ONLY, justify_given, offer_of_facility, propose
from services.coder.engine.services.notes import list_sentences_with
from services.coder.engine.services.tables import load_rows
from services.coder.engine.services.words import WordPattern
from shared.fhir import systems

SIDES = {"left": "LT", "right": "RT"}
_BOTH = frozenset({"both", "bilateral"})
_CONFIDENCE, _CONFIDENCE_OF_WORDS, _CONFIDENCE_WITH_GAPS = 0.85, 0.7, 0.5
_KINDS = frozenset({GivenKind.SUPPLY, GivenKind.DEVICE})
_HANDED_OUT = WordPattern(
    r"dispensed|provided|given|issued|supplied|fitted|fit with|applied|placed (?:in|into|on)|delivered"
    r"|inserted|sent home with|discharged with"
)
_NOT_HERE = re.compile(
    r"(?i)\b(?:declin\w+|refus\w+|not|already|has|uses|using|own|will|should|consider|order(?:ed|s)?|prescri\w+|rx"
    r"|continue\w*|recommend\w*|if|needs?|removed|replace|prescription|instructions?)\b"
)
_SIDE = re.compile(r"(?i)\b(?P<side>left|right|bilateral|both)\b")
_COUNT = re.compile(r"(?i)(?:#|x ?|\b)(?P<count>\d{1,3})\s*(?:\w+ )?$")
_MODIFIERS_OF_PURCHASE = "purchase or rental (NU, RR, UE)"


@dataclass(frozen=True, slots=True)
class Supply:
    """A row of `supply_codes.tsv`; one billing unit is `pieces`."""

    code: str
    pieces: int
    has_side: bool
    asks_purchase: bool
    name: re.Pattern[str]
    indications: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Supplied:
    """Something that was handed out, how many pieces, for which side, and what shows it."""

    supply: Supply
    count: Decimal
    side: str
    evidence: tuple[Evidence, ...] = ()
    facts: tuple[CodedFact, ...] = ()
    reasons: tuple[str, ...] = ()


def suggest_supplies(chart: Chart, diagnoses: Sequence[Suggestion]) -> Iterator[Suggestion]:
    """Suggest what was supplied; none where a stay pays for it."""
    if chart.encounter_class in FACILITY_ONLY:
        return
    told = list(_list_told(chart))
    supplied = [each for fact in chart.given if (each := _read_fact(fact))]
    seen: dict[str, Supplied] = {}
    for each in [*supplied, *told]:
        known = seen.get(each.supply.code)
        seen[each.supply.code] = each if known is None else _join(known, each)
    for each in seen.values():
        for line in _list_lines(diagnoses, each):
            yield offer_of_facility(chart, line)


def _list_lines(diagnoses: Sequence[Suggestion], supplied: Supplied) -> list[Suggestion]:
    """A line; for both sides two, each with half of the pieces (CMS DME MAC, RT and LT since 2019-03-01)."""
    if not supplied.supply.has_side or supplied.side not in _BOTH:
        return [_suggest(diagnoses, supplied)]
    count = max(supplied.count / 2, Decimal(supplied.supply.pieces))
    return [_suggest(diagnoses, replace(supplied, side=side, count=count)) for side in ("right", "left")]


def _join(known: Supplied, told: Supplied) -> Supplied:
    evidence = tuple(dict.fromkeys([*known.evidence, *told.evidence]))
    return replace(known, side=known.side or told.side, evidence=evidence)


def _read_fact(fact: GivenFact) -> Supplied | None:
    if fact.kind not in _KINDS:
        return None
    code = fact.code_in(systems.HCPCS)
    rows = _load_supplies()
    supply = next((row for row in rows if row.code == code), None) if code else _find(fact.title)
    if code and supply is None:
        supply = Supply(code, 1, False, False, re.compile(re.escape(code)), (), fact.title or "supply as recorded")
    if supply is None:
        return None
    system, coded = (systems.HCPCS, code) if code else next(iter(fact.codes), ("", ""))
    return Supplied(
        supply,
        fact.amount.value if fact.amount and fact.amount.value > 0 else Decimal(supply.pieces),
        _read_side(f"{fact.body_site} {fact.title} {fact.text}"),
        facts=(CodedFact(fact.path, system, coded, fact.title),),
        reasons=fact.reasons,
    )


def _list_told(chart: Chart) -> Iterator[Supplied]:
    for number, document in enumerate(chart.documents):
        for start, end in list_sentences_with(_HANDED_OUT, chart, number):
            sentence = document.text[start:end]
            if not _NOT_HERE.search(sentence):
                for supply in _find_all(sentence):
                    match = supply.name.search(sentence)
                    before = sentence[: match.start()] if match else ""
                    evidence = (Evidence.of(document, start, end),)
                    yield Supplied(supply, _count(before, supply), _read_side(sentence), evidence)


def _find(text: str) -> Supply | None:
    return next(iter(_find_all(text)), None)


def _find_all(text: str) -> list[Supply]:
    """The supplies that a text names; of two whose names overlap the earlier row."""
    found: list[tuple[Supply, int, int]] = []
    for supply in _load_supplies():
        match = supply.name.search(text)
        if match and all(match.end() <= start or match.start() >= end for _, start, end in found):
            found.append((supply, *match.span()))
    return [supply for supply, _, _ in found]


def _count(before: str, supply: Supply) -> Decimal:
    match = _COUNT.search(before)
    return Decimal(match["count"]) if match and int(match["count"]) else Decimal(supply.pieces)


def _read_side(text: str) -> str:
    match = _SIDE.search(text)
    return match["side"].lower() if match else ""


def _suggest(diagnoses: Sequence[Suggestion], supplied: Supplied) -> Suggestion:
    supply, missing = supplied.supply, tuple(_name_missing(supplied))
    confidence = _CONFIDENCE if supplied.facts else _CONFIDENCE_OF_WORDS
    line = propose(
        supply.code,
        supply.words,
        f"{supply.words[0].upper()}{supply.words[1:]} was supplied.",
        evidence=supplied.evidence,
        confidence=_CONFIDENCE_WITH_GAPS if missing else confidence,
        system=CodeSystem.HCPCS,
    )
    return line._replace(
        units=count_units(supplied.count, Decimal(supply.pieces)),
        modifiers=(SIDES[supplied.side],) if supply.has_side and supplied.side else (),
        missing=missing,
        facts=supplied.facts,
        justified_by=justify_given(
            diagnoses,
            supplied.reasons,
            [span.document_id for span in supplied.evidence],
            supply.indications,
        ),
    )


def _name_missing(supplied: Supplied) -> Iterator[str]:
    if supplied.supply.has_side and not supplied.side:
        yield "laterality"
    if supplied.supply.asks_purchase:
        yield _MODIFIERS_OF_PURCHASE


@cache
def _load_supplies() -> tuple[Supply, ...]:
    return tuple(
        Supply(
            row["code"],
            int(row["per"]),
            row["side"] == "side",
            row["asks"] == "purchase",
            re.compile(rf"(?i)\b(?:{row['names']})(?:e?s)?\b"),
            tuple(row["prefixes"].split()),
            row["words"],
        )
        for row in load_rows("supply_codes.tsv")
    )
