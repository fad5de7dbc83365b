"""Laboratory results as the engine gets them: only what may be held against its range has bounds."""

from typing import Any

import pytest

from services.coder.chart_facts import read_engine_chart, read_facts
from services.coder.engine.indicators import read_indicators
from services.coder.engine.model import LabResult
from shared.contracts.messages import ChartReady
from tests.builders import diagnostic_report, encounter, observation, version_of
from tests.builders.charts import ready_chart

LABORATORY = [{"coding": [{"code": "laboratory"}]}]
RANGE = {"low": {"value": 3.5, "unit": "mmol/L"}, "high": {"value": 5.1, "unit": "mmol/L"}}


# `more: Any`: the elements of a resource differ by type.
def potassium(value: float = 2.9, **more: Any) -> dict[str, object]:
    elements = {"category": LABORATORY, "referenceRange": [RANGE], **more}
    return observation("k-1", value, "mmol/L", loinc="2823-3", **elements)


def chart_with(*observations: dict[str, object], **more: Any) -> ChartReady:
    results = [{"reference": f"Observation/{each['id']}"} for each in observations]
    report = diagnostic_report(result=[*results, {"reference": "Observation/elsewhere"}], **more)
    return ready_chart(reports=(version_of(report),), context=tuple(version_of(each) for each in observations))


def results_of(*observations: dict[str, object], **more: Any) -> tuple[LabResult, ...]:
    chart = chart_with(*observations, **more)
    return read_engine_chart(chart, read_facts(chart)).lab_results


def test_a_result_comes_with_value_unit_range_and_loinc_and_becomes_an_indicator() -> None:
    results = results_of(potassium(), potassium())
    assert results == (LabResult("Observation/k-1", "2823-3", 2.9, "mmol/L", 3.5, 5.1, "2823-3"),)
    assert [indicator.codes for indicator in read_indicators(results)] == [("E87.6",)]


def test_the_category_of_the_report_counts_where_the_result_has_none() -> None:
    assert results_of(potassium(category=None)) == ()
    laboratory = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB"}]}]
    assert len(results_of(potassium(category=None), category=laboratory)) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"status": "preliminary"},
        {"status": "entered-in-error"},
        {"category": [{"coding": [{"code": "vital-signs"}]}]},
        {"valueQuantity": None, "valueString": "hemolyzed"},
    ],
)
def test_what_is_not_a_final_laboratory_quantity_is_left_out(more: dict[str, Any]) -> None:
    assert results_of(potassium(**more)) == ()


def test_a_result_that_no_report_refers_to_is_left_out() -> None:
    chart = ready_chart(context=(version_of(potassium()),))
    assert read_engine_chart(chart, read_facts(chart)).lab_results == ()


@pytest.mark.parametrize(
    ("more", "bounds"),
    [
        ({"referenceRange": None}, (None, None)),
        ({"referenceRange": [{"low": {"value": 3500, "unit": "umol/L"}}]}, (None, None)),
        ({"referenceRange": [{"low": {"value": 3.5}}]}, (3.5, None)),
        ({"referenceRange": [RANGE, {**RANGE, "low": {"value": 3.0}}]}, (None, None)),
        ({"referenceRange": [RANGE, {"low": {"value": 3.0}, "appliesTo": [{"text": "women"}]}]}, (3.5, 5.1)),
        ({"referenceRange": [{**RANGE, "type": {"coding": [{"code": "treatment"}]}}]}, (None, None)),
        ({"valueQuantity": {"value": 2.9, "comparator": "<", "unit": "mmol/L"}}, (3.5, None)),
        ({"valueQuantity": {"value": 9, "comparator": ">", "unit": "mmol/L"}}, (None, 5.1)),
    ],
)
def test_bounds(more: dict[str, Any], bounds: tuple[float | None, float | None]) -> None:
    (result,) = results_of(potassium(**more))
    assert (result.low, result.high) == bounds


def test_text_is_such_that_the_database_can_hold_it() -> None:
    named = potassium(code={"text": "Potassium\x00", "coding": [{"system": "http://loinc.org", "code": "2823-3"}]})
    (result,) = results_of(named)
    assert result.name == "Potassium"


@pytest.mark.parametrize(
    ("service_type", "specialty"),
    [
        ({"coding": [{"system": "http://snomed.info/sct", "code": "394579002"}], "text": "Heart"}, "394579002"),
        ({"text": " Cardiology "}, "cardiology"),
        (None, ""),
    ],
)
def test_the_specialty_is_that_of_the_encounters_service_type(service_type: object, specialty: str) -> None:
    chart = ready_chart(encounter=version_of(encounter(serviceType=service_type)))
    read = read_engine_chart(chart, read_facts(chart)).specialty
    assert read == (f"http://snomed.info/sct|{specialty}" if specialty.isdigit() else specialty)
