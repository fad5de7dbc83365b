"""Whether a chart could be closed without touch, and what keeps it from that.

Place in the flow: `service.automating` judges every chart of a line that is in shadow mode or active; pure. Invariant:
what is not known counts against the chart.
"""

from collections.abc import Sequence
from enum import StrEnum

from services.coder.automation.policy import AutomationPolicy
from services.coder.coding import StoredSuggestion
from services.coder.engine.model import Assertion, Indicator, Suggestion
from services.coder.work_item import OpenPoint
from shared.contracts.messages import Finding


class Verdict(StrEnum):
    """What was found about a chart; all but the first send it to people."""

    QUALIFIES = "qualifies"
    NO_SUGGESTION = "no-suggestion"
    LOW_CONFIDENCE = "low-confidence"
    MISSING_DETAIL = "missing-detail"
    NOT_CERTAIN = "not-certain"
    """The words say that a condition is uncertain or hypothetical."""
    OPEN_OFFER = "open-offer"
    """A code that is not selected is too likely to be left to nobody."""
    INDICATOR = "indicator"
    """A result outside its range asks a question."""
    OPEN_POINT = "open-point"
    EDITS_UNKNOWN = "edits-unknown"
    EDIT_ERROR = "edit-error"
    FAILED = "failed"
    """Looking at it failed; the log says where."""
    NOT_ASKED = "not-asked"
    """The line is off or suspended; the chart was looked at to plant a seed."""
    OVERTAKEN = "overtaken"
    """Somebody had the chart, or it changed, before it was looked at; or another version of the engine answered."""


_STATED = frozenset({Assertion.PRESENT, Assertion.HISTORICAL, Assertion.FAMILY, Assertion.ABSENT})


def judge_answer(
    proposed: Sequence[StoredSuggestion], indicators: Sequence[Indicator], threshold: float, policy: AutomationPolicy
) -> Verdict:
    """Judge what the engine said about a chart."""
    contents = [each.content for each in proposed]
    selected = [each for each in contents if each.selected]
    if not selected:
        return Verdict.NO_SUGGESTION
    for content in selected:
        if obstacle := _find_obstacle(content, threshold, policy):
            return obstacle
    if any(each.confidence >= policy.most_doubt for each in contents if not each.selected):
        return Verdict.OPEN_OFFER
    return Verdict.INDICATOR if indicators else Verdict.QUALIFIES


def _find_obstacle(content: Suggestion, threshold: float, policy: AutomationPolicy) -> Verdict | None:
    if content.confidence < threshold:
        return Verdict.LOW_CONFIDENCE
    if not policy.harmless_details.issuperset(content.missing):
        return Verdict.MISSING_DETAIL
    return None if content.assertion in _STATED else Verdict.NOT_CERTAIN


def judge_claim(points: Sequence[OpenPoint], findings: Sequence[Finding] | None) -> Verdict:
    """Judge what would become of the answer: the open points of the chart, and what billing's edits find."""
    if points:
        return Verdict.OPEN_POINT
    if findings is None:
        return Verdict.EDITS_UNKNOWN
    return Verdict.EDIT_ERROR if any(each.severity == "error" for each in findings) else Verdict.QUALIFIES
