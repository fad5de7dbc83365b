"""What resources say was given, as the engine takes it."""

from decimal import Decimal

import pytest

from services.coder.chart_facts import read_engine_chart, read_facts
from services.coder.engine.given import Amount, GivenFact, GivenKind, Strength
from services.coder.engine.services import suggest_services
from shared.fhir import systems
from tests.builders import Resource, condition, version_of
from tests.builders.charts import ready_chart
from tests.builders.given import (
    device_use_statement,
    immunization,
    medication_administration,
    procedure,
    supply_delivery,
)

MEDICATION: Resource = {
    "resourceType": "Medication",
    "id": "med-1",
    "code": {"coding": [{"system": systems.RXNORM, "code": "35827"}], "text": "ketorolac 30 MG/ML"},
    "ingredient": [
        {
            "itemCodeableConcept": {"text": "ketorolac"},
            "strength": {"numerator": {"value": 30, "unit": "mg"}, "denominator": {"value": 1, "unit": "mL"}},
        }
    ],
}
DEVICE: Resource = {
    "resourceType": "Device",
    "id": "dev-1",
    "type": {"coding": [{"system": systems.HCPCS, "code": "L1830"}], "text": "knee immobilizer"},
}


def read_given(*resources: Resource) -> tuple[GivenFact, ...]:
    chart = ready_chart()
    chart = chart.model_copy(update={"context": (*chart.context, *(version_of(each) for each in resources))})
    return read_engine_chart(chart, read_facts(chart)).given


def test_a_dose_keeps_its_decimals_its_route_and_its_notes() -> None:
    given = medication_administration(dose=(0.25, "mg"), note=[{"text": "0.75 mg wasted"}])
    assert read_given(given) == (
        GivenFact(
            GivenKind.DRUG,
            "MedicationAdministration/ma-1",
            "ketorolac tromethamine 30 MG/ML injection",
            amount=Amount(Decimal("0.25"), "mg"),
            route="IM",
            text="0.75 mg wasted",
        ),
    )


def test_a_referred_medication_gives_name_code_and_strength() -> None:
    given = medication_administration(
        dose=(2, "mL"), medicationCodeableConcept=None, medicationReference={"reference": "Medication/med-1"}
    )
    (fact,) = read_given(given, MEDICATION)
    assert (fact.title, fact.code_in(systems.RXNORM)) == ("ketorolac 30 MG/ML", "35827")
    assert fact.strength == Strength(Amount(Decimal(30), "mg"), Amount(Decimal(1), "mL"))


def test_an_infusion_lasts_as_long_as_its_period() -> None:
    period = {"start": "2026-09-01T10:00:00Z", "end": "2026-09-01T11:45:00Z"}
    (fact,) = read_given(medication_administration(effectiveDateTime=None, effectivePeriod=period))
    assert fact.minutes == 105


def test_reasons_are_those_stated_and_those_of_conditions() -> None:
    reason = {"coding": [{"system": systems.ICD10CM, "code": "M54.50"}]}
    given = medication_administration(reasonCode=[reason], reasonReference=[{"reference": "Condition/cond-1"}])
    (fact,) = read_given(given, condition(code="J18.9"))
    assert fact.reasons == ("M54.50", "J18.9")


def test_supplies_devices_vaccines_and_procedures_are_named() -> None:
    facts = read_given(supply_delivery(quantity=2), device_use_statement(), DEVICE, immunization(), procedure())
    assert [(each.kind, each.title, each.codes) for each in facts] == [
        (GivenKind.SUPPLY, "Folding walker", ()),
        (GivenKind.DEVICE, "knee immobilizer", ((systems.HCPCS, "L1830"),)),
        (GivenKind.VACCINE, "", ((systems.CVX, "115"),)),
        (GivenKind.PROCEDURE, "", ((systems.CPT, "20610"),)),
    ]
    assert facts[0].amount == Amount(Decimal(2))


@pytest.mark.parametrize(
    "resource",
    [
        medication_administration(status="not-done"),
        medication_administration(status="entered-in-error"),
        immunization(status="not-done"),
        immunization(primarySource=False),
        procedure(status="preparation"),
    ],
)
def test_what_was_not_given_here_is_no_fact(resource: Resource) -> None:
    assert read_given(resource) == ()


def test_resources_become_lines_that_cite_them() -> None:
    chart = ready_chart()
    given = (medication_administration(), MEDICATION, immunization(), procedure(), device_use_statement(), DEVICE)
    chart = chart.model_copy(update={"context": (*chart.context, *(version_of(each) for each in given))})
    lines = suggest_services(read_engine_chart(chart, read_facts(chart)), ())
    assert {(line.code, line.units, line.facts[0].path) for line in lines} == {
        ("96372", 1, "MedicationAdministration/ma-1"),
        ("J1885", 2, "MedicationAdministration/ma-1"),
        ("90471", 1, "Immunization/imm-1"),
        ("90715", 1, "Immunization/imm-1"),
        ("20610", 1, "Procedure/proc-1"),
        ("L1830", 1, "DeviceUseStatement/dus-1"),
    }


def test_the_period_of_a_procedure_is_its_minutes() -> None:
    period = {"start": "2026-09-01T08:00:00Z", "end": "2026-09-02T20:00:00Z"}
    (fact,) = read_given(procedure(performedPeriod=period, performedDateTime=None))
    assert fact.minutes == 36 * 60
