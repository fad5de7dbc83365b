"""Every rule of a compliant query: what keeps it, what breaks it, and where."""

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.coder.queries.linter import CHECKS, lint
from services.coder.queries.model import OTHER, UNDETERMINED, YES_NO, Form, Indicator, Option, Purpose, QueryContent
from services.coder.queries.rules import load_rules
from tests.builders.queries import DAY, POTASSIUM, cite, query, record_of

RECORD = record_of()
YES_OR_NO = tuple(Option(text=text) for text in YES_NO)
EARLIER = Indicator(
    statement="Sputum grew Klebsiella", source="DiagnosticReport/old", dated=date(2026, 3, 1), encounter="earlier"
)
AFTER_COUGH = "Impression: cough after fall. No sepsis. Mother had breast cancer. Possible pneumonia. CHF."


def rules_broken(content: QueryContent, text: str | None = None) -> set[str]:
    """The rules that a query breaks, and that a finding says all it must."""
    findings = lint(content, record_of(text) if text else RECORD)
    for finding in findings:
        assert all((finding.place, finding.message, finding.fix)), finding
        assert finding.asks == load_rules()[finding.rule].asks
        assert re.search("AHIMA/ACDIS.*2022", finding.source)
    return {finding.rule for finding in findings}


def option(text: str, *numbers: int) -> tuple[Option, ...]:
    return (Option(text=text, supported_by=numbers), Option(text=OTHER), Option(text=UNDETERMINED))


def yes_no(question: str, purpose: Purpose, **more: Any) -> QueryContent:
    return query(form=Form.YES_NO, purpose=purpose, question=question, options=YES_OR_NO, **more)


def asked(question: str) -> QueryContent:
    return query(question=question)


KEPT: list[tuple[str, QueryContent]] = [
    ("a query as it should be", query()),
    ("open, without answers", query(form=Form.OPEN, options=())),
    (
        "a result of the chart",
        query(
            indicators=(
                cite("antibiotics for pneumonia"),
                Indicator(statement=POTASSIUM.statement, source=POTASSIUM.reference, dated=DAY),
            ),
            options=option("Hypokalemia", 2),
        ),
    ),
    ("a title that names a finding", query(title="Clarification of laboratory result")),
    ("a title in the chart's words", query(title="Community-acquired pneumonia: organism")),
    ("clinical severity is no severity score", asked("How severe is it, in your clinical judgement?")),
    ("volumes are no comorbidity", asked("What were the 500 cc of fluid given for?")),
    ("present on admission", yes_no("Was the pneumonia present on admission?", Purpose.ON_ADMISSION)),
    ("a documented diagnosis", yes_no("Was the pneumonia ruled out?", Purpose.DOCUMENTED_DIAGNOSIS)),
    ("cause and effect", yes_no("Is the cough due to the pneumonia?", Purpose.CAUSE_AND_EFFECT)),
    (
        "an earlier encounter, labelled and relevant",
        query(
            indicators=(
                cite("community-acquired pneumonia"),
                cite("antibiotics for pneumonia"),
                EARLIER.model_copy(update={"relevance": "the same organism may have come back"}),
            ),
            question="Could the finding of the previous admission matter now, in your clinical judgement?",
        ),
    ),
]

BROKEN: list[tuple[str, str, QueryContent]] = [
    ("indicators-cited", "no indicator", query(form=Form.OPEN, options=(), indicators=())),
    (
        "indicators-cited",
        "no source",
        query(indicators=(cite("community-acquired pneumonia", source=""), cite("antibiotics for pneumonia"))),
    ),
    (
        "indicators-cited",
        "no date",
        query(indicators=(cite("community-acquired pneumonia", dated=None), cite("antibiotics for pneumonia"))),
    ),
    (
        "indicators-cited",
        "another date",
        query(
            indicators=(cite("community-acquired pneumonia", dated=date(2026, 9, 2)), cite("antibiotics for pneumonia"))
        ),
    ),
    (
        "indicators-cited",
        "words that are not there",
        query(
            indicators=(
                cite("community-acquired pneumonia").model_copy(update={"statement": "sputum grew Klebsiella"}),
                cite("antibiotics for pneumonia"),
            )
        ),
    ),
    (
        "indicators-cited",
        "another version",
        query(indicators=(cite("community-acquired pneumonia", version=2), cite("antibiotics for pneumonia"))),
    ),
    (
        "indicators-cited",
        "a result of nobody",
        query(
            indicators=(
                cite("community-acquired pneumonia"),
                Indicator(statement="Sodium is low", source="Observation/x", dated=DAY),
            )
        ),
    ),
    *[
        ("no-payment-or-quality", words, asked(f"Can it be specified? {words}"))
        for words in (
            "It would increase reimbursement.",
            "This affects payment.",
            "The DRG would change.",
            "MS-DRG 193 needs it.",
            "It is an MCC.",
            "This would count as CC.",
            "A CC/MCC is missing.",
            "Our case mix index depends on it.",
            "The severity of illness is low.",
            "The SOI and risk of mortality are low.",
            "The severity score is low.",
            "It improves quality scores.",
            "It counts for the quality measure.",
            "HCC capture is due.",
            "The RAF is low.",
            "The payer will deny it.",
            "Insurance asks.",
            "It avoids a denial.",
            "Hospital profiles suffer.",
            "PSI 11 is triggered.",
            "It is a HAC.",
            "Billing needs it.",
        )
    ],
    ("no-payment-or-quality", "in the title", query(title="DRG clarification of pneumonia")),
    ("no-payment-or-quality", "in an answer", query(options=option("Bacterial pneumonia (MCC)", 2))),
    (
        "no-payment-or-quality",
        "in a relevance",
        query(
            indicators=(
                cite("community-acquired pneumonia", relevance="reimbursement"),
                cite("antibiotics for pneumonia"),
            )
        ),
    ),
    *[
        ("title-undocumented", title, query(title=title))
        for title in (
            "Sepsis",
            "Clarification of sepsis",
            "Aspiration pneumonia",
            "Severe pneumonia",
            "Acute respiratory failure",
            "Heart failure query",
            "CHF",
            "Malnutrition documentation",
            "AKI",
            "Encephalopathy?",
            "Bacterial pneumonia",
            "",
        )
    ],
    ("options-supported", "no indicator", query(options=option("Bacterial pneumonia, organism not identified"))),
    ("options-supported", "an indicator that is not there", query(options=option("Aspiration pneumonia", 3))),
    ("options-supported", "zero", query(options=option("Aspiration pneumonia", 0))),
    (
        "options-supported",
        "none of its signs",
        query(template="lung-organism", options=option("Viral pneumonia (please specify the virus)", 1, 2)),
    ),
    ("options-supported", "an empty answer", query(options=option("", 1))),
    ("options-complete", "no other", query(options=(*option("Bacterial pneumonia", 2)[:1], Option(text=UNDETERMINED)))),
    ("options-complete", "no way out", query(options=option("Bacterial pneumonia", 2)[:2])),
    ("options-complete", "ways out alone", query(options=option("Bacterial pneumonia", 2)[1:])),
    (
        "options-complete",
        "yes/no without other",
        query(
            form=Form.YES_NO,
            purpose=Purpose.ON_ADMISSION,
            question="Was the pneumonia present on admission?",
            options=YES_OR_NO[:2],
        ),
    ),
    ("options-complete", "open with answers", query(form=Form.OPEN)),
    ("yes-no-limited", "about specificity", yes_no("Is the pneumonia bacterial?", Purpose.SPECIFICITY)),
    ("yes-no-limited", "a new diagnosis", yes_no("Does the patient have sepsis?", Purpose.DOCUMENTED_DIAGNOSIS)),
    ("yes-no-limited", "a detail", yes_no("Is it aspiration pneumonia?", Purpose.DOCUMENTED_DIAGNOSIS)),
    ("yes-no-limited", "no diagnosis", yes_no("Was it present on admission?", Purpose.ON_ADMISSION)),
    ("yes-no-limited", "not about admission", yes_no("Is the pneumonia severe?", Purpose.ON_ADMISSION)),
    ("yes-no-limited", "not about a cause", yes_no("Is there pneumonia?", Purpose.CAUSE_AND_EFFECT)),
    ("yes-no-limited", "in disguise", query(options=option("Yes, bacterial", 2))),
    (
        "earlier-encounter",
        "no relevance",
        query(indicators=(cite("community-acquired pneumonia"), cite("antibiotics for pneumonia"), EARLIER)),
    ),
    (
        "earlier-encounter",
        "not labelled",
        query(
            indicators=(
                cite("community-acquired pneumonia"),
                cite("antibiotics for pneumonia"),
                EARLIER.model_copy(update={"encounter": "this"}),
            )
        ),
    ),
    (
        "earlier-encounter",
        "alone",
        query(form=Form.OPEN, options=(), indicators=(EARLIER.model_copy(update={"relevance": "the same organism"}),)),
    ),
    ("earlier-encounter", "in passing", asked("At the previous admission an organism was found. Is it the same?")),
    *[
        ("not-leading", words, asked(words))
        for words in (
            "Please document bacterial pneumonia.",
            "Please add the organism.",
            "You should document the organism.",
            "Do you agree that it is bacterial?",
            "Don't you think it is bacterial?",
            "It is clearly bacterial, is it?",
            "We believe it is bacterial.",
            "The organism must be documented.",
            "Isn't it bacterial?",
            "The patient meets criteria for more. What is it?",
            "Are the findings consistent with more?",
            "Is there sepsis?",
            "Which kind of heart failure is it?",
            "Is the pneumonia severe?",
            "",
        )
    ],
    ("not-leading", "in the title", query(title="Please document pneumonia")),
    *[
        ("kept-with-record", words, asked(f"What is it? {words}"))
        for words in (
            "This is not part of the medical record.",
            "Delete this query afterwards.",
            "Off the record: what is it?",
            "Do not keep this.",
            "Call me instead.",
        )
    ],
    *[
        ("silence-is-no-answer", words, asked(f"What is it? {words}"))
        for words in (
            "If we do not hear from you it is bacterial.",
            "No answer means yes.",
            "Unless you object it is bacterial.",
            "It will be coded as bacterial.",
            "I will assume that it is.",
            "Without your reply it is bacterial.",
        )
    ],
]


@pytest.mark.parametrize(("why", "content"), KEPT, ids=[why for why, _ in KEPT])
def test_a_query_that_keeps_the_rules_may_be_sent(why: str, content: QueryContent) -> None:
    assert rules_broken(content) == set()


@pytest.mark.parametrize(("rule", "why", "content"), BROKEN, ids=[f"{rule}: {why}" for rule, why, _ in BROKEN])
def test_a_query_that_breaks_a_rule_is_refused_by_its_name(rule: str, why: str, content: QueryContent) -> None:
    assert rule in rules_broken(content)


def test_every_rule_has_a_check_and_cases() -> None:
    assert set(CHECKS) == set(load_rules()) == {rule for rule, _, _ in BROKEN}


@pytest.mark.parametrize(
    ("title", "broken"),
    [
        ("Cough", False),
        ("Pneumonia", False),
        ("Heart failure", False),
        ("Acute heart failure", True),
        ("Sepsis", True),
        ("Breast cancer", True),
    ],
)
def test_documented_is_what_is_stated_and_not_denied_or_the_familys(title: str, broken: bool) -> None:
    content = query(title=title, form=Form.OPEN, options=(), indicators=(cite("cough after fall", AFTER_COUGH),))
    assert ("title-undocumented" in rules_broken(content, AFTER_COUGH)) is broken


def test_what_the_chart_says_is_quoted_and_breaks_no_rule_of_wording() -> None:
    text = "Insurance was asked. Clearly pneumonia, as at the previous admission. Please document intake."
    content = query(form=Form.OPEN, options=(), indicators=(cite(text, text),))
    assert rules_broken(content, text) == set()


_WORDS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)


@settings(max_examples=60, deadline=None)
@given(title=_WORDS, question=_WORDS, answer=_WORDS, form=st.sampled_from(Form), purpose=st.sampled_from(Purpose))
def test_any_query_gets_an_answer_and_the_same_one_again(
    title: str, question: str, answer: str, form: Form, purpose: Purpose
) -> None:
    content = query(title=title, question=question, form=form, purpose=purpose, options=option(answer, 1))
    assert lint(content, RECORD) == lint(content, RECORD)


_FORBIDDEN = [
    content
    for rule, _, content in BROKEN
    if rule in ("no-payment-or-quality", "kept-with-record", "silence-is-no-answer")
]


@settings(max_examples=60, deadline=None)
@given(before=_WORDS, after=_WORDS, content=st.sampled_from(_FORBIDDEN))
def test_words_around_a_forbidden_phrase_never_hide_it(before: str, after: str, content: QueryContent) -> None:
    longer = content.model_copy(update={"question": f"{before} . {content.question} . {after}"})
    assert rules_broken(longer) >= rules_broken(content)


@settings(max_examples=40, deadline=None)
@given(missing=st.sets(st.sampled_from(["other", "undetermined", "support", "indicators"]), min_size=1))
def test_taking_away_what_a_rule_asks_for_is_always_noticed(missing: set[str]) -> None:
    kept = query()
    texts = {OTHER: "other", UNDETERMINED: "undetermined"}
    options = tuple(each for each in kept.options if texts.get(each.text) not in missing)
    if "support" in missing:
        options = tuple(each.model_copy(update={"supported_by": ()}) for each in options)
    indicators = () if "indicators" in missing else kept.indicators
    expected = {
        "other": "options-complete",
        "undetermined": "options-complete",
        "support": "options-supported",
        "indicators": "indicators-cited",
    }
    found = rules_broken(kept.model_copy(update={"options": options, "indicators": indicators}))
    assert {expected[each] for each in missing} <= found
