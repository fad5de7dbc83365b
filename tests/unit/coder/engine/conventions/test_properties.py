"""What must hold of the conventions for any findings."""

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from services.coder.engine.conventions import CONVENTIONS
from services.coder.engine.findings import Finding
from services.coder.engine.model import Assertion
from tests.unit.coder.engine.conventions.conftest import build_chart

CODES = """
    I10 I50.9 I50.22 I50.32 N18.4 N18.6 I12.9 I11.0 I25.10 I20.9 I21.4 E11.9 E11.65 E11.22 E10.9 G62.9 L97.519 J44.9
    J44.1 J18.9 R05.9 R52 M54.50 K21.9 K20.90 A41.9 R65.20 C50.911 Z85.3 F10.10 F10.20 N39.0 R31.9 H42 U07.1 S42.201A
"""
SHORTHAND = st.builds(
    lambda assertion, code, section, problem: f"{assertion} {code} @{section} {problem}".strip(),
    st.sampled_from([a.value for a in Assertion]),
    st.sampled_from(CODES.split()),
    st.sampled_from(["hpi", "assessment", "family_history"]),
    st.sampled_from(["", "!"]),
)
CHARTS = st.lists(SHORTHAND, max_size=10, unique_by=lambda s: tuple(s.split()[:2]))


def apply_all(given_findings: list[str]) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    findings, reading = build_chart(given_findings)
    result = findings
    for stage in CONVENTIONS:
        result = stage(result, reading)
    return findings, result


def spans(findings: Iterable[Finding]) -> set[tuple[int, int]]:
    return {(m.start, m.end) for f in findings for m in f.mentions}


@given(CHARTS)
@settings(deadline=None, max_examples=50)
def test_no_words_are_invented_or_lost(given_findings: list[str]) -> None:
    before, after = apply_all(given_findings)
    assert spans(before) == spans(after)
    assert all(f.mentions for f in after)


@given(CHARTS)
@settings(deadline=None, max_examples=50)
def test_what_is_not_said_to_be_present_does_not_become_it(given_findings: list[str]) -> None:
    before, after = apply_all(given_findings)
    is_present = [f for f in after if f.assertion is Assertion.PRESENT]
    was_not = [f for f in before if f.assertion not in {Assertion.PRESENT, Assertion.UNCERTAIN}]
    assert spans(is_present).isdisjoint(spans(was_not))


@given(CHARTS)
@settings(deadline=None, max_examples=50)
def test_a_code_has_one_finding_under_one_assertion_and_follows_a_reported_one(given_findings: list[str]) -> None:
    _, after = apply_all(given_findings)
    keys = [(f.code, f.assertion) for f in after]
    assert len(keys) == len(set(keys))
    reported = {f.code for f in after if f.assertion is Assertion.PRESENT and not f.withheld}
    assert all(f.after in reported for f in after if f.after)


@given(CHARTS)
@settings(deadline=None, max_examples=50)
def test_applying_twice_adds_nothing(given_findings: list[str]) -> None:
    _, after = apply_all(given_findings)
    _, reading = build_chart(given_findings)
    again = after
    for stage in CONVENTIONS[:2]:
        again = stage(again, reading)
    assert {(f.code, f.assertion) for f in again} == {(f.code, f.assertion) for f in after}
