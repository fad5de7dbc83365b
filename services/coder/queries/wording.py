"""The checks of what is asked: for a yes or no, about earlier encounters, without leading.

Place in the flow: `linter` runs them; pure.
"""

import re
from collections.abc import Iterator

from services.coder.queries.breaches import Breach, Check, find_phrases, find_undocumented, is_way_out
from services.coder.queries.model import Form, Indicator, Purpose, QueryContent
from services.coder.queries.record import ChartRecord
from services.coder.queries.rules import load_rules

_YES_OR_NO = re.compile(r"^(?:yes|no)\b", re.IGNORECASE)
_ASKED_BY_YES_NO = {
    Purpose.ON_ADMISSION: re.compile(
        r"\b(?:on|at|before|upon|prior to)\b.{0,40}\b(?:admission|admitted|arrival)\b", re.I
    ),
    Purpose.CAUSE_AND_EFFECT: re.compile(
        r"\b(?:due to|because of|caused? by|cause of|result(?:s|ed)? (?:of|from)|secondary to|related to|linked to|"
        r"associated with|complication of|manifestation of|attributable to)\b",
        re.IGNORECASE,
    ),
    Purpose.DOCUMENTED_DIAGNOSIS: re.compile(r"\S"),
}


def check_yes_no(query: QueryContent, record: ChartRecord) -> Iterator[Breach]:
    """Yes or no may never bring in a diagnosis that is not documented yet."""
    offers = [option.text for option in query.options if not is_way_out(option.text)]
    if query.form is not Form.YES_NO:
        if any(_YES_OR_NO.match(text) for text in offers):
            yield Breach("form", "it asks for yes or no", "Make it a yes/no question, which has rules of its own.")
        return
    asked = _ASKED_BY_YES_NO.get(query.purpose)
    if asked is None:
        yield Breach(
            "purpose", "yes or no may not be asked for this purpose", "Ask openly, or offer answers to choose from."
        )
    elif not asked.search(query.question):
        yield Breach("question", f"it does not ask about {_say(query.purpose)}", "Ask about that, or ask openly.")
    if any(offer.lower() not in ("yes", "no") for offer in offers):
        yield Breach("options", "it offers more than yes and no", "Make it multiple choice.")
    yield from find_undocumented("question", query.question, record, "Ask openly, or offer answers to choose from.")
    if not record.vocabulary.find(query.question):
        yield Breach("question", "it names no documented diagnosis", "Name the diagnosis as the chart documents it.")


def check_earlier(query: QueryContent, record: ChartRecord) -> Iterator[Breach]:
    """What comes from an earlier encounter says so, says why, and never stands alone."""
    rule = load_rules()["earlier-encounter"]
    earlier = [each for each in query.indicators if each.encounter == "earlier"]
    for number, indicator in enumerate(query.indicators):
        place = f"indicators[{number}]"
        if indicator.encounter == "earlier" and not indicator.relevance:
            yield Breach(place, "it is from an earlier encounter and says not why it matters", rule.fix)
        is_before = bool(indicator.dated and record.begins and indicator.dated < record.begins)
        if is_before and indicator.encounter == "this" and not _is_of_chart(indicator, record):
            yield Breach(place, "it is dated before this encounter and not labelled", rule.fix)
    if earlier and len(earlier) == len(query.indicators):
        yield Breach("indicators", "it rests on earlier encounters alone", "Cite what in this encounter makes you ask.")
    if not earlier:
        yield from find_phrases("earlier-encounter", query, places=("title", "question"))


def check_leading(query: QueryContent, record: ChartRecord) -> Iterator[Breach]:
    """Neither the wording nor the question itself says what is hoped for."""
    yield from find_phrases("not-leading", query)
    if query.form is not Form.YES_NO:
        fix = "Ask about the findings; a supported diagnosis may stand among answers to choose from."
        yield from find_undocumented("question", query.question, record, fix)
    if not query.question:
        yield Breach("question", "there is no question", "Ask what is unclear.")


def _is_of_chart(indicator: Indicator, record: ChartRecord) -> bool:
    """A document of the chart may be older than the encounter, such as a note before an operation."""
    cited = record.find_document(indicator.source, indicator.version), record.find_result(indicator.source)
    return any(cited)


def forbid(rule_id: str) -> Check:
    """The check of a rule that is broken by its phrases alone."""
    return lambda query, record: find_phrases(rule_id, query)


def _say(purpose: Purpose) -> str:
    return purpose.value.replace("-", " ")
