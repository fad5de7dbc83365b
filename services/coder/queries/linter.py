"""The compliance linter: holds a query against every rule before it is sent.

Place in the flow: the composer asks it while someone writes, `service.queries` before sending; pure. Invariants: a rule
of `rules.toml` has one check here; a finding names rule, source, place and fix; a query without findings may be sent.
"""

from typing import NamedTuple

from services.coder.queries.breaches import Check
from services.coder.queries.checks import check_indicators, check_support, check_title, check_ways_out
from services.coder.queries.model import QueryContent
from services.coder.queries.record import ChartRecord
from services.coder.queries.rules import load_rules
from services.coder.queries.wording import check_earlier, check_leading, check_yes_no, forbid


class LintFinding(NamedTuple):
    """What is wrong where: `asks` and `source` are the rule's, `place` is a field such as `options[2]`."""

    rule: str
    place: str
    message: str
    fix: str
    words: str
    asks: str
    source: str


CHECKS: dict[str, Check] = {
    "indicators-cited": check_indicators,
    "no-payment-or-quality": forbid("no-payment-or-quality"),
    "title-undocumented": check_title,
    "options-supported": check_support,
    "options-complete": check_ways_out,
    "yes-no-limited": check_yes_no,
    "earlier-encounter": check_earlier,
    "not-leading": check_leading,
    "kept-with-record": forbid("kept-with-record"),
    "silence-is-no-answer": forbid("silence-is-no-answer"),
}


def lint(query: QueryContent, record: ChartRecord) -> list[LintFinding]:
    """Hold a query against every rule; an empty list means that it may be sent."""
    return [
        LintFinding(rule_id, breach.place, breach.message, breach.fix, breach.words, rule.asks, rule.source)
        for rule_id, rule in load_rules().items()
        for breach in CHECKS[rule_id](query, record)
    ]
