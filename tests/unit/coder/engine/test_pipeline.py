"""The engine as its callers see it: evidence, validity, settings, determinism, any text at all."""

import json
import pickle
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from services.coder.commands import app
from services.coder.engine import build_engine
from services.coder.engine.learned import MAX_SHIFT, NOTHING_LEARNED, LearnedState
from services.coder.engine.model import Assertion, Chart, CodedFact, Document, LabResult, Setting, Suggestion

ENGINE = build_engine()

CLINIC = """CHIEF COMPLAINT

Right elbow pain.

PAST MEDICAL HISTORY

Asthma.

ASSESSMENT AND PLAN

1. Medial epicondylitis.
- Rest and ice.

2. Type 2 diabetes mellitus.
- Continue metformin.
"""


def chart(text: str, **values: object) -> Chart:
    return Chart((Document("d", 1, text),), **values)  # type: ignore[arg-type]


def suggest(text: str, *, exhaustive: bool = False, **values: object) -> dict[str, Suggestion]:
    found = ENGINE.suggest(chart(text, **values), exhaustive=exhaustive).suggestions
    return {suggestion.code: suggestion for suggestion in found}


def selected(text: str, **values: object) -> list[str]:
    return [code for code, suggestion in suggest(text, **values).items() if suggestion.selected]  # type: ignore[arg-type]


def test_selects_the_problems_of_the_assessment_in_their_order() -> None:
    assert selected(CLINIC) == ["M77.01", "E11.9"]


def test_problems_told_on_one_line_are_problems() -> None:
    text = "A/P: HTN - increase lisinopril. Obesity, BMI 34. Depression stable on zoloft. Call if fever develops."
    assert {"I10", "E66.9", "F32.A"} <= set(selected(text))
    assert "R50.9" not in selected(text)


def test_an_assessment_that_only_tells_is_coded_from_what_it_tells() -> None:
    assert selected("ASSESSMENT:\nThe patient has gout. She was counselled.") == ["M10.9"]


def test_the_background_is_offered_and_not_selected() -> None:
    assert not suggest(CLINIC)["J45.909"].selected


def test_a_side_told_elsewhere_is_taken_and_an_untold_one_is_missing() -> None:
    assert "laterality" not in suggest(CLINIC)["M77.01"].missing
    assert suggest("ASSESSMENT:\nMedial epicondylitis.")["M77.00"].missing == ("laterality",)


def test_both_sides_without_a_bilateral_code_are_two_codes() -> None:
    assert set(selected("ASSESSMENT:\nBilateral medial epicondylitis.")) == {"M77.01", "M77.02"}


@pytest.mark.parametrize(
    ("on", "code"),
    [(date(2026, 9, 30), "D69.1"), (date(2026, 10, 1), None)],
)
def test_the_date_of_service_decides_what_may_be_proposed(on: date, code: str | None) -> None:
    found = suggest("ASSESSMENT:\nQualitative platelet defects.", service_date=on)
    assert ("D69.1" in found) is (code is not None)


def test_an_uncertain_diagnosis_follows_the_setting() -> None:
    text = "ASSESSMENT:\nProbable pneumonia."
    assert selected(text, setting=Setting.OUTPATIENT) == []
    assert selected(text, setting=Setting.INPATIENT) == ["J18.9"]
    assert suggest(text)["J18.9"].assertion is Assertion.UNCERTAIN


def test_alternatives_are_uncertain() -> None:
    assert selected("HISTORY: cough.\nIMPRESSION: Atelectasis or pneumonia.") == ["R05.9"]


def test_a_report_codes_what_it_concludes_else_what_it_was_asked_for() -> None:
    assert selected("INDICATION: Cough.\nIMPRESSION: Right lower lobe pneumonia.") == ["J18.9"]
    assert selected("INDICATION: 14 year old with history of cough.\nIMPRESSION: Normal chest.") == ["R05.9"]


def test_chronic_pain_is_coded_beside_its_site() -> None:
    assert {"M54.50", "G89.29"} <= set(selected("ASSESSMENT:\nChronic low back pain."))


def test_an_absent_condition_is_never_selected() -> None:
    assert selected("ASSESSMENT:\nNo asthma.") == []
    assert selected("No asthma.", exhaustive=True) == []


def test_the_urinary_and_the_gastric_reflux_are_told_apart() -> None:
    assert "N13.70" in suggest("INDICATION: Reflux.\nIMPRESSION: Normal renal ultrasound.")
    assert "K21.9" in suggest("ASSESSMENT:\nReflux. Continue omeprazole.")


def test_a_coded_fact_supports_and_never_answers() -> None:
    fact = CodedFact("Encounter.reasonCode", "http://hl7.org/fhir/sid/icd-10-cm", "J45.909")
    assert suggest("Nothing of note.", coded_facts=(fact,)) == {}
    plain, supported = suggest(CLINIC)["J45.909"], suggest(CLINIC, coded_facts=(fact,))["J45.909"]
    assert supported.confidence > plain.confidence
    assert supported.facts == (fact,)


def test_a_result_outside_its_range_is_an_indicator_and_no_suggestion() -> None:
    low = LabResult("Observation/1", "Potassium", 2.9, "mmol/L", 3.5, 5.1)
    normal = LabResult("Observation/2", "Sodium", 140, "mmol/L", 135, 145)
    answer = ENGINE.suggest(chart("Well.", lab_results=(low, normal)))
    assert answer.suggestions == ()
    assert [(i.path, i.codes) for i in answer.indicators] == [("Observation/1", ("E87.6",))]
    assert answer.indicators[0].statement == "Potassium 2.9 mmol/L is low (reference range 3.5-5.1)"


def test_learning_moves_a_suggestion_within_bounds_and_back() -> None:
    before = suggest(CLINIC)["E11.9"]
    taught = NOTHING_LEARNED.learn(before.entry, "endocrinology", kept=False, times=500)
    assert taught.shift(before.entry, "endocrinology") == -MAX_SHIFT
    after = suggest(CLINIC, learned=taught, specialty="endocrinology")["E11.9"]
    assert after.confidence < before.confidence
    assert suggest(CLINIC, learned=taught, specialty="cardiology")["E11.9"] == before
    assert taught.learn(before.entry, "endocrinology", kept=False, times=-500) == NOTHING_LEARNED
    with pytest.raises(ValueError, match="more decisions"):
        NOTHING_LEARNED.learn("x", "", kept=True, times=-1)


def test_the_learned_state_has_a_hash_of_its_content_and_travels() -> None:
    one = LearnedState().learn("a", "s", kept=True).learn("b", "s", kept=False)
    other = LearnedState().learn("b", "s", kept=False).learn("a", "s", kept=True)
    assert one.content_hash == other.content_hash != ""
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own bytes.
    assert ENGINE.suggest(chart("x", learned=one)).version.learned == one.content_hash


def assert_sound(text: str) -> None:
    answer = ENGINE.suggest(chart(text), exhaustive=True)
    assert answer == ENGINE.suggest(chart(text), exhaustive=True)
    for suggestion in answer.suggestions:
        assert suggestion.evidence
        assert 0 <= suggestion.confidence <= 1
        assert all(0 <= e.start < e.end <= len(text) for e in suggestion.evidence)


@given(st.text(max_size=600))
@settings(max_examples=60)
def test_any_text_is_answered_the_same_way_twice(text: str) -> None:
    assert_sound(text)


@given(st.lists(st.sampled_from([*CLINIC.split(), "\n", "\ud800", "no", "or", "left", "1.", "•", "HPI:"]), max_size=80))
@settings(max_examples=60)
def test_any_shuffle_of_clinical_words_is_answered_the_same_way_twice(words: list[str]) -> None:
    assert_sound(" ".join(words))


def test_an_empty_chart_has_no_suggestions() -> None:
    assert ENGINE.suggest(Chart(())).suggestions == ()
    assert ENGINE.suggest(chart("")).suggestions == ()


@pytest.mark.parametrize("unit", ["a", "left pain, ", "1. no\n"])
def test_a_megabyte_of_noise_costs_no_more_than_its_length(unit: str) -> None:
    def cost(size: int) -> float:
        text = unit * (size // len(unit))
        started = time.process_time()
        ENGINE.suggest(chart(text))
        return time.process_time() - started

    cost(1000)
    assert cost(1_000_000) < 40 * cost(100_000) + 0.5


def test_suggest_writes_rows_whose_evidence_is_the_text(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps({"id": "1", "text": CLINIC}) + "\n" + json.dumps({"id": "2", "text": ""}) + "\n")
    result = CliRunner().invoke(app, ["suggest", "--input", str(source), "--output", str(target)])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert [row["id"] for row in rows] == ["1", "2"]
    first = rows[0]["codes"][0]
    assert list(first) == [
        "system", "code", "display", "confidence", "selected", "assertion", "evidence", "missing", "why",
    ]  # fmt: skip
    assert all(CLINIC[e["start"] : e["end"]] == e["text"] for c in rows[0]["codes"] for e in c["evidence"])


def test_assert_answers_each_span(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    rows = [{"id": "1", "text": "No asthma.", "span": [3, 9]}, {"id": "2", "text": "Asthma.", "span": None}]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = CliRunner().invoke(app, ["assert", "--input", str(source), "--output", str(target)])
    assert result.exit_code == 0, result.output
    assert [json.loads(line)["assertion"] for line in target.read_text().splitlines()] == ["absent", "present"]


def test_evaluate_prints_the_scores(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    codes = [{"system": "icd10cm", "code": "E11.9"}, {"system": "icd10cm", "code": "I10"}]
    gold.write_text(json.dumps({"id": "1", "text": CLINIC, "codes": codes}) + "\n")
    result = CliRunner().invoke(app, ["evaluate", "--gold", str(gold)])
    assert result.exit_code == 0, result.output
    assert "exact      P 0.500 R 0.500 F1 0.500" in result.output
    assert "missed         1 I10" in result.output
