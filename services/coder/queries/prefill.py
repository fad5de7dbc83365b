"""Begins a query: the indicators that a chart offers for a template or a suggestion, each with its source and date.

Place in the flow: from `record` and a suggestion to a draft that the composer shows; pure. Invariants: every indicator
stands in the chart to the letter; an answer is offered only with indicators that show its signs, negated ones excepted.
"""

import re
from collections.abc import Iterable, Iterator

from services.coder.engine.assertion import Assessor
from services.coder.engine.model import Assertion, Suggestion
from services.coder.engine.sections import split_sections
from services.coder.queries.model import OTHER, UNDETERMINED, YES_NO, Form, Indicator, Option, QueryContent
from services.coder.queries.record import ChartRecord, RecordDocument, RecordResult
from services.coder.queries.templates import Template, choose_template, find_support

MOST_OFFERED = 12
_SENTENCE_END = re.compile(r"[.;!?](?=\s)|\n(?=\s*\n|\s*[A-Z\d*•-])")
_LONGEST_SENTENCE = 300
_STATED = frozenset({Assertion.PRESENT, Assertion.HISTORICAL, Assertion.UNCERTAIN})
_WAYS_OUT = (Option(text=OTHER), Option(text=UNDETERMINED))


def propose_query(record: ChartRecord, template: Template | None, suggestion: Suggestion | None) -> QueryContent:
    """Begin a query about a suggestion's missing details, from a template, from both, or free."""
    if template is None and suggestion is not None:
        template = choose_template(suggestion.code, suggestion.missing)
    indicators = offer_indicators(record, template, suggestion)
    if template is None:
        return QueryContent(title="", question="", indicators=indicators, form=Form.OPEN)
    options = _offer_options(template, indicators)
    return QueryContent(
        template=template.template,
        form=template.form if options else Form.OPEN,
        purpose=template.purpose,
        title=template.title,
        question=template.question,
        indicators=indicators,
        options=options,
    )


def _offer_options(template: Template, indicators: Iterable[Indicator]) -> tuple[Option, ...]:
    """The answers that the chart supports, with the two ways out; none when it supports none."""
    if template.form is Form.YES_NO:
        return tuple(Option(text=text) for text in YES_NO)
    numbered = list(enumerate(indicators, 1))
    supported = []
    for option in template.options:
        signs = find_support(template.template, option.text)
        numbers = tuple(number for number, each in numbered if signs and signs.search(each.statement))
        if numbers:
            supported.append(Option(text=option.text, supported_by=numbers))
    return (*supported, *_WAYS_OUT) if supported else ()


def offer_indicators(
    record: ChartRecord, template: Template | None, suggestion: Suggestion | None
) -> tuple[Indicator, ...]:
    """The indicators for a query, at most MOST_OFFERED: a suggestion's evidence, results, then what the words show."""
    codes = (*(template.codes if template else ()), *((suggestion.code,) if suggestion else ()))
    offered = [
        *(_cite_evidence(record, suggestion) if suggestion else ()),
        *(cite_result(result) for result in record.results if not codes or _concerns(result, codes)),
        *(_find_signs(record, template) if template else ()),
    ]
    unique: dict[tuple[str, int | None], Indicator] = {}
    for indicator in offered:
        unique.setdefault((indicator.source, indicator.start), indicator)
    return tuple(unique.values())[:MOST_OFFERED]


def cite_result(result: RecordResult) -> Indicator:
    """A result outside its range as an indicator."""
    return Indicator(statement=result.statement, source=result.reference, dated=result.dated)


def cite_span(document: RecordDocument, start: int, end: int) -> Indicator:
    """Words of a document as an indicator."""
    return Indicator(
        statement=document.text[start:end],
        source=document.document_id,
        version=document.version,
        start=start,
        end=end,
        dated=document.dated,
    )


def cite_words(record: ChartRecord, words: str) -> Indicator | None:
    """The first place in the chart where these words stand, whatever the spaces between them; None without one."""
    pieces = words.split()
    if not pieces:
        return None
    pattern = re.compile(r"\s+".join(map(re.escape, pieces)), re.IGNORECASE)
    found = ((document, pattern.search(document.text)) for document in record.documents)
    return next((cite_span(document, match.start(), match.end()) for document, match in found if match), None)


def _concerns(result: RecordResult, codes: tuple[str, ...]) -> bool:
    return any(code.startswith(asked) or asked.startswith(code) for code in result.codes for asked in codes)


def _cite_evidence(record: ChartRecord, suggestion: Suggestion) -> Iterator[Indicator]:
    for evidence in suggestion.evidence:
        document = record.find_document(evidence.document_id, evidence.version)
        if document:
            yield cite_sentence(document, evidence.start, evidence.end)


def cite_sentence(document: RecordDocument, start: int, end: int) -> Indicator:
    """The sentence around words of a document, or the words alone where no sentence is near."""
    text = document.text
    before = _SENTENCE_END.finditer(text, max(0, start - _LONGEST_SENTENCE), start + 1)
    begins = max((match.end() for match in before if match.end() <= start), default=0)
    ends = _SENTENCE_END.search(text, end)
    first, after = begins, ends.start() if ends else len(text)
    if after - first > _LONGEST_SENTENCE or first == 0 < start - _LONGEST_SENTENCE:
        return cite_span(document, start, end)
    while first < start and text[first].isspace():
        first += 1
    return cite_span(document, first, max(after, end))


def _find_signs(record: ChartRecord, template: Template) -> Iterator[Indicator]:
    """The sentences that show what the template looks for, where they do not deny it."""
    if not template.signs:
        return
    signs = re.compile("|".join(f"(?:{sign})" for sign in template.signs), re.IGNORECASE)
    assessor = Assessor()
    for document in record.documents:
        spans = [(match.start(), match.end()) for match in signs.finditer(document.text) if match[0]]
        assertions = assessor.assess(document.text, spans, split_sections(document.text))
        for (start, end), assertion in zip(spans, assertions, strict=True):
            if assertion in _STATED:
                yield cite_sentence(document, start, end)
