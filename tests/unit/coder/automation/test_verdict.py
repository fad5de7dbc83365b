"""Which charts qualify."""

from typing import Any
from uuid import uuid4

import pytest

from services.coder.automation.policy import AutomationPolicy
from services.coder.automation.verdict import Verdict, judge_answer, judge_claim
from services.coder.coding import StoredSuggestion
from services.coder.engine.model import Assertion, Indicator
from services.coder.work_item import OpenPoint
from shared.contracts.messages import Finding
from tests.builders.charts import suggestion

POLICY = AutomationPolicy(confidence=0.9)
FINE: dict[str, Any] = {"confidence": 0.95, "missing": ()}


def stored(**more: Any) -> StoredSuggestion:
    return StoredSuggestion(uuid4(), suggestion(**{**FINE, **more}))


@pytest.mark.parametrize(
    ("also", "verdict"),
    [
        ({}, Verdict.QUALIFIES),
        ({"confidence": 0.89}, Verdict.LOW_CONFIDENCE),
        ({"missing": ("organism",)}, Verdict.MISSING_DETAIL),
        ({"assertion": Assertion.UNCERTAIN}, Verdict.NOT_CERTAIN),
        ({"selected": False, "confidence": 0.6}, Verdict.OPEN_OFFER),
        ({"selected": False, "confidence": 0.2, "missing": ("organism",)}, Verdict.QUALIFIES),
    ],
)
def test_every_suggestion_counts(also: dict[str, Any], verdict: Verdict) -> None:
    assert judge_answer([stored(), stored(code="I10", **also)], (), 0.9, POLICY) is verdict


def test_details_that_do_not_matter_are_named_by_the_policy() -> None:
    lenient = AutomationPolicy(harmless_details=frozenset({"organism"}))
    assert judge_answer([stored(missing=("organism",))], (), 0.9, lenient) is Verdict.QUALIFIES
    assert judge_answer([stored(missing=("organism", "laterality"))], (), 0.9, lenient) is Verdict.MISSING_DETAIL


def test_an_indicator_asks_and_nothing_selected_is_no_answer() -> None:
    indicator = Indicator("Observation/1", "sodium 120", ("E87",))
    assert judge_answer([stored()], (indicator,), 0.9, POLICY) is Verdict.INDICATOR
    assert judge_answer([stored(selected=False, confidence=0.1)], (), 0.9, POLICY) is Verdict.NO_SUGGESTION


def test_a_line_may_ask_for_more_confidence() -> None:
    policy = AutomationPolicy(confidence=0.9, confidence_by_line={"inpatient": 0.99})
    assert (policy.threshold_of("clinic"), policy.threshold_of("inpatient")) == (0.9, 0.99)


def finding(severity: str) -> Finding:
    return Finding.model_validate({"edit": "e", "severity": severity, "message": "m", "fix": "f"})


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ((), Verdict.QUALIFIES),
        ((finding("warning"),), Verdict.QUALIFIES),
        ((finding("warning"), finding("error")), Verdict.EDIT_ERROR),
        (None, Verdict.EDITS_UNKNOWN),
    ],
)
def test_the_edits_must_be_asked_and_find_no_error(findings: tuple[Finding, ...] | None, verdict: Verdict) -> None:
    assert judge_claim([], findings) is verdict
    assert judge_claim([OpenPoint("no-diagnosis", "", "")], findings) is Verdict.OPEN_POINT
