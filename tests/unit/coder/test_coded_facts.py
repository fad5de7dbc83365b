"""Codes that arrived structured, and where they were read."""

from services.coder.chart_facts import read_engine_chart, read_facts
from services.coder.engine.model import CodedFact
from shared.fhir import systems
from tests.builders import condition, diagnostic_report, encounter, version_of
from tests.builders.charts import ready_chart


def concept(code: str, text: str = "") -> dict[str, object]:
    return {"coding": [{"system": systems.ICD10CM, "code": code}], "text": text}


def facts_of(
    *conditions: dict[str, object], visit: dict[str, object] | None = None, report: dict[str, object] | None = None
) -> list[tuple[str, str]]:
    chart = ready_chart(
        encounter=version_of(visit or encounter()),
        reports=(version_of(report or diagnostic_report()),),
        context=tuple(version_of(each) for each in conditions),
    )
    return [(fact.path, fact.code) for fact in read_engine_chart(chart, read_facts(chart)).coded_facts]


def test_reasons_conditions_and_conclusions_each_say_where_they_were_read() -> None:
    visit = encounter(
        reasonCode=[concept("I10")],
        reasonReference=[{"reference": "Condition/why"}, {"reference": "Condition/what"}],
        diagnosis=[{"condition": {"reference": "Condition/what"}}, {"condition": {"reference": "Condition/gone"}}],
    )
    known = [condition(name, code) for name, code in (("beside", "E78.5"), ("why", "R07.9"), ("what", "I20.9"))]
    assert facts_of(*known, visit=visit, report=diagnostic_report(conclusionCode=[concept("J18.9")])) == [
        ("Encounter.reasonCode", "I10"),
        ("Encounter.diagnosis.condition", "I20.9"),
        ("Encounter.reasonReference", "R07.9"),
        ("Condition.code", "E78.5"),
        ("DiagnosticReport.conclusionCode", "J18.9"),
    ]


def test_a_condition_that_was_refuted_or_never_was_is_no_fact() -> None:
    assert facts_of(condition(verificationStatus={"coding": [{"code": "refuted"}]})) == []
    assert facts_of(condition(verificationStatus={"coding": [{"code": "entered-in-error"}]})) == []
    assert facts_of(condition(verificationStatus={"coding": [{"code": "provisional"}]})) == [
        ("Condition.code", "J18.9")
    ]


def test_text_without_a_code_is_no_fact_and_names_are_such_that_the_database_can_hold_them() -> None:
    assert facts_of(visit=encounter(reasonCode=[{"text": "pressure"}])) == []
    chart = ready_chart(encounter=version_of(encounter(reasonCode=[concept("I10", "high\x00 pressure")])))
    (fact,) = read_engine_chart(chart, read_facts(chart)).coded_facts
    assert fact == CodedFact("Encounter.reasonCode", systems.ICD10CM, "I10", "high pressure")
