"""The checks of a query's parts: indicators, title, answers.

Place in the flow: `linter` runs them; pure.
"""

from collections.abc import Iterator

from services.coder.queries.breaches import NO_ANSWER, OTHER_ANSWER, Breach, find_undocumented, is_way_out
from services.coder.queries.model import Form, Indicator, QueryContent
from services.coder.queries.record import ChartRecord
from services.coder.queries.templates import find_support


def check_indicators(query: QueryContent, record: ChartRecord) -> Iterator[Breach]:
    """At least one, each in the chart's own words at its source, dated."""
    if not query.indicators:
        yield Breach(
            "indicators",
            "no clinical indicator is cited",
            "Cite what in this chart makes you ask: pick it from evidence.",
        )
    for number, indicator in enumerate(query.indicators):
        place = f"indicators[{number}]"
        if not indicator.statement:
            yield Breach(place, "it says nothing", "Quote the chart's own words, or take it out.")
        if not indicator.source:
            yield Breach(place, "its source is not named", "Name the document or result that it stands in.")
        if indicator.dated is None:
            yield Breach(place, "it has no date", "Give the day on which it was documented or measured.")
        if indicator.source and indicator.encounter == "this":
            yield from _check_quote(place, indicator, record)


def _check_quote(place: str, indicator: Indicator, record: ChartRecord) -> Iterator[Breach]:
    """What is said to be this encounter's must stand in it, to the letter and the day."""
    if indicator.start is None or indicator.end is None:
        result = record.find_result(indicator.source)
        stands, dated = result is not None and result.statement == indicator.statement, result and result.dated
    else:
        document = record.find_document(indicator.source, indicator.version)
        words = document.text[indicator.start : indicator.end] if document else ""
        stands = bool(words) and " ".join(words.split()) == " ".join(indicator.statement.split())
        dated = document.dated if document else None
    if not stands:
        yield Breach(place, "these words do not stand at its source", "Pick the indicator from the chart again.")
    elif dated and indicator.dated and dated != indicator.dated:
        yield Breach(place, "its date is not that of its source", "Use the date of the document or result.")


def check_title(query: QueryContent, record: ChartRecord) -> Iterator[Breach]:
    """A title can lead as much as a question."""
    if not query.title:
        yield Breach(
            "title", "there is no title", "Name the subject, for instance: Clarification of laboratory result."
        )
    yield from find_undocumented(
        "title",
        query.title,
        record,
        "Name the finding or the documented term instead, for instance: Clarification of respiratory status.",
    )


def check_support(query: QueryContent, record: ChartRecord) -> Iterator[Breach]:
    """Every clinical answer points to indicators that are there, and, where the template knows its signs, to one."""
    if query.form is not Form.CHOICE:
        return
    for number, option in enumerate(query.options):
        if is_way_out(option.text):
            continue
        place = f"options[{number}]"
        cited = [query.indicators[each - 1] for each in option.supported_by if 0 < each <= len(query.indicators)]
        signs = find_support(query.template, option.text)
        if not option.text:
            yield Breach(place, "the answer is empty", "Write it, or take it out.")
        elif not cited or len(cited) < len(option.supported_by):
            yield Breach(
                place, "no cited indicator supports this answer", "Number the indicators that do, or take it out."
            )
        elif signs and not any(signs.search(indicator.statement) for indicator in cited):
            yield Breach(
                place,
                "the indicators that it names show none of the signs expected for this answer",
                "Cite an indicator that supports it clinically, or take the answer out.",
            )


def check_ways_out(query: QueryContent, record: ChartRecord) -> Iterator[Breach]:
    """Who can choose only among the offered answers is led; an open question offers none."""
    if query.form is Form.OPEN:
        if query.options:
            yield Breach("options", "an open question offers answers", "Make it multiple choice, or take them out.")
        return
    texts = [option.text for option in query.options]
    if query.form is Form.CHOICE and all(is_way_out(text) for text in texts):
        yield Breach(
            "options", "there is no clinical answer to choose", "Offer what the indicators support, or ask openly."
        )
    if query.form is Form.YES_NO and {"yes", "no"} - {text.lower() for text in texts}:
        yield Breach("options", "a yes/no question lacks yes or no", "Offer both.")
    if not any(OTHER_ANSWER.match(text) for text in texts):
        yield Breach("options", 'there is no "other"', "Add the answer: Other (please specify).")
    if not any(NO_ANSWER.search(text) for text in texts):
        yield Breach("options", 'there is no "unable to determine"', "Add the answer: Unable to determine.")
