"""Reads which procedures a text or a resource says were done, and the words that tell their details.

Place in the flow: first half of `suggest_inpatient_procedures`; pure. Invariants: what was planned, declined, denied or
done before the stay is not read; a detail is taken from the clause of the procedure, else from its sentence, else, in
the report of a procedure, from the whole report when it tells of one value only.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.coder.engine.given import GivenFact, GivenKind
from services.coder.engine.model import Assertion, Chart, Document
from services.coder.engine.procedure_tables import ProcedureTables
from services.coder.engine.procedures.labels import find_labelled
from services.coder.engine.procedures.measures import MEASURES
from services.coder.engine.procedures.phrases import Match, split_words
from services.coder.engine.procedures.vocabulary import MEASURED, PASSED_OVER, SIDES, Choice, Operation, Vocabulary
from services.coder.engine.sections import SectionKind, split_sections
from services.coder.engine.services.notes import list_told_sentences

Assess = Callable[[str, Sequence[tuple[int, int]]], list[Assertion]]
"""The assertion of each span of a text."""
Span = tuple[int, int]
Words = dict[str, Span]
"""The keys of `words.tsv` that stand somewhere, each with its first span."""


Named = tuple[Match, Operation]
"""A name in a text, and the operation that it names."""


class Place(NamedTuple):
    """Where words stand: a number into the chart's documents, None for a resource, and their span."""

    document: int | None
    start: int
    end: int


_NOT_NOW = frozenset(
    {
        SectionKind.PLAN,
        SectionKind.ASSESSMENT_AND_PLAN,
        SectionKind.INSTRUCTIONS,
        SectionKind.INDICATION,
        SectionKind.COMPARISON,
    }
)
"""Sections that tell of what may be done, or was asked for."""
_NOT_DONE = re.compile(
    r"(?i)\b(?:planned|plan(?:s|ning)? (?:for|to)|scheduled|consider(?:ed|ing)?|recommend(?:ed|s)?"
    r"|propos(?:ed|es)|request(?:ed|s)|suggest(?:ed|s)|order(?:ed|s)|declin(?:ed|es|ing)"
    r"|refus(?:ed|es)|deferred|cancell?ed|postponed|candidate for|consent(?:ed)? (?:for|to)|evaluat(?:ed|ion) for"
    r"|will (?:need|require|undergo|have)|to be done|awaiting|pending|risks? (?:of|and)|if needed|referred for"
    r"|options? (?:of|include)|not (?:be )?(?:performed|done|attempted|undertaken|indicated|placed|given)|aborted"
    r"|unable to)\b"
)
_UNDONE = re.compile(r"(?i) (?:was |were |has been |is |to be )?(?:removed|discontinued|pulled|taken down|reversed)\b")
"""What follows the name of something that was put in, when it was taken out."""
_BEFORE = re.compile(
    r"(?i)\b(?:s/p|status[- ]post|history of|h/o|prior|previous(?:ly)?|remote|(?:years?|months?|weeks?) ago"
    r"|(?:since|in) (?:19|20)\d\d|at (?:an )?outside hospital)\b"
)
_THIS_STAY = re.compile(
    r"(?i)\b(?:pod|post-?operative day|hospital day|hd ?#?\d|this admission"
    r"|during (?:the|this) (?:stay|admission|hospitali[sz]ation))"
)
_NEAR = 600
"""Characters around a name that are its sentence at most: lists without a full stop are long."""
_CLAUSE = re.compile(r"[,:]|\b(?:and|then|followed by|plus)\b", re.IGNORECASE)
_PROCEDURE_KINDS = frozenset({"11504-8", "28570-0", "34137-0", "34121-4", "18751-8"})
"""LOINC document types of surgical and procedure notes."""
_QUALIFIER = 3
_IMAGING, _MEASUREMENT, _EXTERNAL = "B", "4", "X"
_PROCEDURE_TITLES = re.compile(r"(?i)operat|procedure|surg|cath|endoscop|delivery")


@dataclass(frozen=True)
class Told:
    """One mention of a procedure, and what its surroundings tell of characters 4 to 7: value to place, each.

    `asides` are all words around it, of which some decide between approaches (B5.2); `fact` is the resource that told
    it, None for a document.
    """

    operation: Operation
    place: Place
    found: tuple[dict[str, Place], ...]
    asides: frozenset[str]
    fact: GivenFact | None = None


def read_document(chart: Chart, number: int, vocabulary: Vocabulary, assess: Assess) -> list[Told]:
    """Read what a note says was done."""
    document = chart.documents[number]
    later = [section for section in split_sections(document.text) if section.kind in _NOT_NOW]
    sentences = [
        span
        for span in list_told_sentences(chart, number)
        if not any(section.start <= span[0] < section.end for section in later)
    ]
    is_report = _is_report(document)
    found = ((span, _find_names(document.text, span, vocabulary, chart.procedure_tables)) for span in sentences)
    kept = ((span, [name for name in each if is_report or not _needs_record(name[1])]) for span, each in found)
    names = {span: each for span, each in kept if each and not _is_elsewhere(document.text[span[0] : span[1]])}
    whole = _find_words(vocabulary, document.text, sentences) if names and is_report else {}
    told = [
        each
        for span, in_sentence in names.items()
        for each in _read_names(document.text, span, in_sentence, whole, vocabulary, number=number)
    ]
    assertions = assess(document.text, [(each.place.start, each.place.end) for each in told])
    return [each for each, said in zip(told, assertions, strict=True) if said is Assertion.PRESENT]


def read_fact(fact: GivenFact, vocabulary: Vocabulary, tables: ProcedureTables | None) -> list[Told]:
    """Read what a Procedure resource calls itself, its body site and its notes."""
    if fact.kind is not GivenKind.PROCEDURE:
        return []
    text = f"{fact.title} {fact.body_site} {fact.text}"
    span = (0, len(text))
    names = _find_names(text, span, vocabulary, tables)
    named = _read_names(text, span, names, {}, vocabulary, fact=fact)
    # Its notes may name other procedures; only its title names this one.
    return [each for each in named if each.place.end <= len(fact.title)]


def _find_names(text: str, span: Span, vocabulary: Vocabulary, tables: ProcedureTables | None) -> list[Named]:
    """The operations that a sentence names, by their own names, else by root operation and body part."""
    named = vocabulary.names.find(split_words(text, *span))
    own = [(each, vocabulary.operations[each.key]) for each in named if not _UNDONE.match(text, each.end, span[1])]
    return own or (list(find_labelled(text, *span, tables)) if tables else [])


def _is_report(document: Document) -> bool:
    return document.kind in _PROCEDURE_KINDS or bool(_PROCEDURE_TITLES.search(document.title))


def _needs_record(operation: Operation) -> bool:
    """Imaging and measurements from outside are coded by a hospital's policy: a mention of one is none."""
    is_outside = any(each.values == _EXTERNAL for each in operation.choices[1])
    return operation.table[0] == _IMAGING or (operation.table[0] == _MEASUREMENT and is_outside)


def _is_elsewhere(sentence: str) -> bool:
    """Whether a sentence tells of what was not done, or not in this stay."""
    return bool(_NOT_DONE.search(sentence) or (_BEFORE.search(sentence) and not _THIS_STAY.search(sentence)))


def _read_names(
    text: str,
    sentence: Span,
    names: Sequence[Named],
    whole: Words,
    vocabulary: Vocabulary,
    *,
    number: int | None = None,
    fact: GivenFact | None = None,
) -> Iterator[Told]:
    """Read what stands around each of the names in a sentence; `whole` are the words of the report, if it is one."""
    rooms = _list_rooms([name for name, _ in names], sentence)
    for (name, operation), room in zip(names, rooms, strict=True):
        near = (max(sentence[0], name.start - _NEAR), min(sentence[1], name.end + _NEAR))
        clause = _find_clause(text, near, name, (max(room[0], near[0]), min(room[1], near[1])))
        words = [*(_find_words(vocabulary, text, [span]) for span in (clause, near)), whole]
        own = [words[0], _drop_named(words[1], name, names), whole]
        spans = [(name.start, min(room[1], near[1])), near]
        minutes = fact.minutes if fact else None
        found = (
            _find_values(axis, cell, own if axis == _QUALIFIER else words, text, spans, minutes)
            for axis, cell in enumerate(operation.choices)
        )
        places = tuple({value: Place(number, *span) for value, span in values.items()} for values in found)
        asides = frozenset(words[1]) | frozenset(whole)
        yield Told(operation, Place(number, name.start, name.end), places, asides, fact)


def _drop_named(words: Words, name: Match, names: Sequence[Named]) -> Words:
    """The words without those that name another procedure: its biopsy is no biopsy of this one."""
    others = [(each.start, each.end) for each, _ in names if (each.start, each.end) != (name.start, name.end)]
    return {key: span for key, span in words.items() if not any(start <= span[0] < end for start, end in others)}


def _list_rooms(names: Sequence[Match], sentence: Span) -> list[Span]:
    """For each name the stretch between the names before and after it; a name of several procedures is one."""
    starts, ends = [each.start for each in names], [each.end for each in names]
    return [
        (
            ends[before - 1] if (before := bisect_left(starts, each.start)) else sentence[0],
            starts[after] if (after := bisect_right(starts, each.start)) < len(starts) else sentence[1],
        )
        for each in names
    ]


def _find_clause(text: str, sentence: Span, name: Match, room: Span) -> Span:
    """What of a sentence is a procedure's own: up to the break that is nearest to the procedure before and after it.

    `room` is what other procedures of the sentence leave; a sentence with one procedure is all its own.
    """
    first = _CLAUSE.search(text, room[0], name.start) if room[0] > sentence[0] else None
    last = [each.start() for each in _CLAUSE.finditer(text, name.end, room[1])] if room[1] < sentence[1] else []
    start = first.end() if first else room[0]
    return start, last[-1] if last else room[1]


def _find_words(vocabulary: Vocabulary, text: str, spans: Sequence[Span]) -> Words:
    split = [split_words(text, *span) for span in spans]
    found = (match for phrases in vocabulary.words for words in split for match in phrases.find(words))
    first: Words = {}
    for each in found:
        if each.key != PASSED_OVER:
            first.setdefault(each.key, (each.start, each.end))
    return first


def _find_values(
    axis: int,
    cell: tuple[Choice, ...],
    words: Sequence[Words],
    text: str,
    spans: Sequence[Span],
    minutes: int | None,
) -> dict[str, Span]:
    """What is told of one character, in the nearest surroundings that tell anything."""
    for choice in cell:
        if choice.key.startswith(MEASURED):
            measured = next((got for span in spans if (got := MEASURES[choice.key](text, *span, minutes))), None)
            if measured:
                return {choice.values[measured.place]: (measured.start, measured.end)}
    for scope, spans_of in enumerate(words):
        values = _choose_values(axis, cell, spans_of)
        if values and (scope < len(words) - 1 or len(values) == 1):
            return values
    return {}


def _choose_values(axis: int, cell: tuple[Choice, ...], spans: Words) -> dict[str, Span]:
    values = {each.key: each for each in cell if each.key in spans}
    if axis == 0:
        return _choose_bodies(cell, values, spans)
    if axis == 1:
        return {each.values: spans[key] for key, each in values.items()}
    first = next(iter(values.values()), None)
    return {first.values: spans[first.key]} if first else {}


def _choose_bodies(cell: tuple[Choice, ...], values: dict[str, Choice], spans: Words) -> dict[str, Span]:
    """All body parts that are named (B3.2b); a part goes before its side, and both sides before one (B4.3)."""
    parts = {key: each for key, each in values.items() if key not in SIDES}
    if parts:
        return {each.values: spans[key] for key, each in parts.items()}
    if "bilateral" in spans:
        both = [each for each in cell if each.key == "bilateral"] or [each for each in cell if each.key in SIDES]
        return {each.values: spans["bilateral"] for each in both}
    return {each.values: spans[key] for key, each in values.items()}
