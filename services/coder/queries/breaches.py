"""What a check of the linter takes and finds, and the two findings that several checks share.

Place in the flow: below `checks` and `wording`; pure.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from services.coder.queries.model import QueryContent
from services.coder.queries.record import ChartRecord
from services.coder.queries.rules import load_rules

OTHER_ANSWER = re.compile(r"^other\b", re.IGNORECASE)
NO_ANSWER = re.compile(
    r"\b(?:unable to (?:be )?determine\w*|(?:cannot|can't) be determined|undetermined)\b", re.IGNORECASE
)


class Breach(NamedTuple):
    """Where a query breaks a rule, how, and the fix; `words` are those that break it, where there are any."""

    place: str
    message: str
    fix: str
    words: str = ""


Check = Callable[[QueryContent, ChartRecord], Iterator[Breach]]


def is_way_out(answer: str) -> bool:
    """Whether an answer is "other" or "unable to determine"."""
    return bool(OTHER_ANSWER.match(answer) or NO_ANSWER.search(answer))


def find_undocumented(place: str, text: str, record: ChartRecord, fix: str) -> Iterator[Breach]:
    """The first diagnosis that a text names and the chart does not document."""
    message = "it names a diagnosis, or a detail of one, that the chart does not document"
    for named in record.list_undocumented(text)[:1]:
        yield Breach(place, message, fix, text[named.start : named.end])


def find_phrases(rule_id: str, query: QueryContent, *, places: tuple[str, ...] = ()) -> Iterator[Breach]:
    """The phrases of a rule, once a place, in what the writer says: what the chart says is quoted."""
    rule = load_rules()[rule_id]
    for place, text in _list_texts(query):
        said = next(rule.find_phrases(text), None) if not places or place in places else None
        if said:
            yield Breach(place, "these words break the rule", rule.fix, said)


def _list_texts(query: QueryContent) -> Iterator[tuple[str, str]]:
    yield "title", query.title
    yield "question", query.question
    for number, option in enumerate(query.options):
        yield f"options[{number}]", option.text
    for number, indicator in enumerate(query.indicators):
        yield f"indicators[{number}]", indicator.relevance
