"""Templates break no rule, and a query begun from one cites what stands in the chart."""

import re
from datetime import date

import pytest

from services.coder.engine.model import Document, Evidence
from services.coder.queries.linter import lint
from services.coder.queries.model import OTHER, UNDETERMINED, Form
from services.coder.queries.prefill import MOST_OFFERED, propose_query
from services.coder.queries.record import ChartRecord, RecordDocument, RecordResult
from services.coder.queries.templates import Template, choose_template, load_templates
from services.coder.queries.vocabulary import load_vocabulary
from tests.builders.charts import suggestion
from tests.builders.queries import DAY, DOCUMENT

TEMPLATES = list(load_templates().values())
STAY = """\
HOSPITAL COURSE
The patient was admitted with heart failure. Ejection fraction 25% on echocardiography,
BNP 2400. Furosemide was given. No fever. Blood cultures were not drawn.
Creatinine rose from a baseline of 0.9 to 2.4 mg/dl with urine output of 300 ml.

LABORATORY
Hemoglobin 7.1 g/dl after the operation with estimated blood loss of 900 ml; two units transfused.
"""
RECORD = ChartRecord(
    (RecordDocument(DOCUMENT, 1, "Discharge summary", DAY, STAY),),
    (RecordResult("Observation/hb", "Hemoglobin 7.1 g/dL is low", date(2026, 9, 2), ("D62",)),),
    DAY,
)
NOTHING = ChartRecord((), (), DAY)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.template)
def test_a_template_alone_breaks_no_rule_but_the_ones_about_the_chart(template: Template) -> None:
    content = propose_query(NOTHING, template, None)
    about_the_chart = {"indicators-cited"} | ({"yes-no-limited"} if template.form is Form.YES_NO else set())
    assert {finding.rule for finding in lint(content, NOTHING)} <= about_the_chart
    assert load_vocabulary().find(template.title) == []
    for option in template.options:
        re.compile(option.signs)
        assert option.text not in (OTHER, UNDETERMINED)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.template)
def test_what_is_proposed_stands_in_the_chart_and_supports_its_answers(template: Template) -> None:
    content = propose_query(RECORD, template, None)
    for indicator in content.indicators:
        if indicator.start is not None and indicator.end is not None:
            assert STAY[indicator.start : indicator.end] == indicator.statement
        assert indicator.dated
    assert len(content.indicators) <= MOST_OFFERED
    broken = {finding.rule for finding in lint(content, RECORD)}
    assert broken <= {"indicators-cited", "yes-no-limited"}
    assert ("indicators-cited" in broken) is (content.indicators == ())


def test_only_answers_with_signs_are_offered_and_denied_findings_are_no_signs() -> None:
    texts = [option.text for option in propose_query(RECORD, load_templates()["heart-function"], None).options]
    assert texts[0].startswith("Acute systolic")
    assert not any("diastolic" in text for text in texts)
    assert texts[-2:] == [OTHER, UNDETERMINED]
    cited = [each.statement for each in propose_query(RECORD, load_templates()["systemic-response"], None).indicators]
    assert not any("fever" in statement for statement in cited)


def test_missing_details_of_a_suggestion_choose_the_template_and_cite_its_evidence() -> None:
    start = STAY.index("heart failure")
    evidence = Evidence.of(Document(DOCUMENT, 1, STAY), start, start + len("heart failure"))
    about = suggestion("I50.9", evidence=(evidence,), missing=("type",))
    content = propose_query(RECORD, None, about)
    assert content.template == "heart-function"
    assert content.indicators[0].statement == "The patient was admitted with heart failure"
    assert lint(content, RECORD) == []


def test_results_become_indicators_with_their_own_date() -> None:
    content = propose_query(RECORD, load_templates()["red-cells"], None)
    assert (content.indicators[0].source, content.indicators[0].dated) == ("Observation/hb", date(2026, 9, 2))
    assert "Acute blood loss anemia" in [option.text for option in content.options]


@pytest.mark.parametrize(
    ("code", "missing", "template"),
    [
        ("I50.9", ("type",), "heart-function"),
        ("A41.9", (), "systemic-response"),
        ("E44.0", (), "nutrition"),
        ("L89.159", ("stage",), "skin-integrity"),
        ("G93.40", (), "mental-status"),
        ("D64.9", (), "red-cells"),
        ("J96.00", (), "breathing"),
        ("N18.9", ("stage",), "kidney-function"),
        ("M25.569", ("laterality",), "side"),
        ("S52.501A", (), "bone"),
        ("E11.9", (), "glucose-control"),
        ("J18.9", ("organism",), "lung-organism"),
        ("O99.019", ("trimester",), "details"),
        ("Z23", (), None),
    ],
)
def test_a_suggestion_finds_its_template(code: str, missing: tuple[str, ...], template: str | None) -> None:
    found = choose_template(code, missing)
    assert (found.template if found else None) == template
