"""Charts are emitted when they are ready, again when they change, and withdrawn when they must be."""

from random import Random

import pytest

from shared.contracts.messages import ChartReady
from tests.builders import (
    Resource,
    as_text,
    composition,
    condition,
    coverage,
    diagnostic_report,
    encounter,
    observation,
    organization,
    patient,
    practitioner,
)
from tests.builders.given import (
    device_use_statement,
    immunization,
    medication_administration,
    procedure,
    supply_delivery,
)
from tests.integration.ingest.conftest import Ward

CONTEXT: tuple[Resource, ...] = (
    patient(),
    coverage(),
    organization("payer-1"),
    organization("hospital"),
    practitioner(),
)


def references(chart: ChartReady) -> set[str]:
    return {resource.reference for resource in chart.context}


async def test_a_finished_encounter_with_final_reports_is_ready(ward: Ward) -> None:
    await ward.send(*CONTEXT, encounter(), diagnostic_report(), composition())
    (chart,) = await ward.emit()
    assert (chart.status, chart.reason, chart.chart_version) == ("ready", "complete", 1)
    assert (chart.setting, str(chart.service_date)) == ("outpatient", "2026-09-01")
    assert chart.encounter.body == as_text(encounter())
    assert {document.source for document in chart.documents} == {"DiagnosticReport/dr-1", "Composition/comp-1"}
    assert [report.reference for report in chart.reports] == ["DiagnosticReport/dr-1"]
    assert references(chart) == {
        "Patient/pt-1",
        "Coverage/cov-1",
        "Organization/payer-1",
        "Organization/hospital",
        "Practitioner/dr-1",
        "Composition/comp-1",
    }


async def test_nothing_is_emitted_twice_for_the_same_material(ward: Ward) -> None:
    await ward.send(*CONTEXT, encounter(version=1), diagnostic_report())
    assert len(await ward.emit()) == 1
    await ward.send(encounter(version=1), diagnostic_report())
    await ward.pool.execute("update ingest.chart set evaluate_at = $1", ward.clock())
    assert await ward.emit() == []


async def test_order_of_arrival_does_not_matter(ward: Ward) -> None:
    for resource in (diagnostic_report(), encounter(), organization(), coverage(), patient()):
        assert await ward.emit() == []
        await ward.send(resource)
    ward.clock.turn(seconds=6)
    (chart,) = await ward.emit()
    assert chart.reason == "complete"
    assert len(chart.documents) == 1


async def test_a_missing_patient_wakes_the_chart_at_once(ward: Ward) -> None:
    await ward.send(*CONTEXT[1:], encounter(), diagnostic_report())
    assert await ward.emit() == []
    await ward.send(CONTEXT[0])
    assert [chart.reason for chart in await ward.emit()] == ["complete"]


async def test_a_pending_report_holds_the_chart_until_it_is_final(ward: Ward) -> None:
    await ward.send(*CONTEXT, encounter(), diagnostic_report(status="preliminary", version=1))
    ward.clock.turn(hours=23)
    assert await ward.emit() == []
    await ward.send(diagnostic_report(version=2))
    assert [chart.reason for chart in await ward.emit()] == ["complete"]


async def test_the_hold_of_the_class_ends_the_wait(ward: Ward) -> None:
    await ward.send(*CONTEXT, encounter(), diagnostic_report(), diagnostic_report("dr-2", status="registered"))
    ward.clock.turn(hours=23, minutes=59)
    assert await ward.emit() == []
    ward.clock.turn(minutes=2)
    (chart,) = await ward.emit()
    assert chart.reason == "hold-elapsed"
    assert [document.document_id for document in chart.documents] == ["DiagnosticReport/dr-1"]


async def test_a_coverage_that_comes_after_the_hold_makes_a_new_version(ward: Ward) -> None:
    await ward.send(patient(), encounter(), diagnostic_report())
    ward.clock.turn(hours=25)
    (first,) = await ward.emit()
    assert first.reason == "hold-elapsed"
    await ward.send(coverage(), organization())
    (second,) = await ward.emit()
    assert (second.chart_id, second.chart_version) == (first.chart_id, 2)
    assert "Coverage/cov-1" in references(second)


async def test_what_is_only_wanted_is_waited_for_a_short_grace(ward: Ward) -> None:
    await ward.send(*CONTEXT[:3], encounter(), diagnostic_report())
    assert await ward.emit() == []
    ward.clock.turn(seconds=5)
    assert [chart.reason for chart in await ward.emit()] == ["complete"]


async def test_an_amended_report_makes_the_next_version_of_chart_and_document(ward: Ward) -> None:
    await ward.send(*CONTEXT, encounter(), diagnostic_report(version=1))
    await ward.emit()
    await ward.send(diagnostic_report(text="Impression: no pneumonia.", status="amended", version=2))
    (chart,) = await ward.emit()
    assert chart.chart_version == 2
    assert [(document.version, document.text) for document in chart.documents] == [(2, "Impression: no pneumonia.")]


async def test_the_same_words_keep_the_documents_version(ward: Ward) -> None:
    await ward.send(*CONTEXT, encounter(), diagnostic_report(version=1))
    await ward.emit()
    await ward.send(diagnostic_report(status="corrected", version=2))
    (chart,) = await ward.emit()
    assert [document.version for document in chart.documents] == [1]


async def test_a_retracted_report_leaves_the_chart(ward: Ward) -> None:
    await ward.send(*CONTEXT, encounter(), diagnostic_report(version=1), diagnostic_report("dr-2", "Second."))
    await ward.emit()
    await ward.send(diagnostic_report(status="entered-in-error", version=2))
    (chart,) = await ward.emit()
    assert [document.document_id for document in chart.documents] == ["DiagnosticReport/dr-2"]


async def test_a_void_encounter_withdraws_its_chart(ward: Ward) -> None:
    await ward.send(*CONTEXT, encounter(version=1), diagnostic_report())
    await ward.emit()
    await ward.send(encounter(version=2, status="entered-in-error"))
    (chart,) = await ward.emit()
    assert (chart.status, chart.reason, chart.chart_version) == ("withdrawn", "encounter-void", 2)
    assert chart.documents == ()


async def test_a_withdrawn_discharge_pulls_the_chart_back_and_a_new_one_emits_it_again(ward: Ward) -> None:
    await ward.send(*CONTEXT, encounter(version=1), diagnostic_report())
    await ward.emit()
    await ward.send(encounter(version=2, status="in-progress", end=None))
    (back,) = await ward.emit()
    assert (back.status, back.reason) == ("withdrawn", "encounter-reopened")
    await ward.send(encounter(version=3, end="2026-09-01T11:30:00Z"))
    (again,) = await ward.emit()
    assert (again.status, again.chart_version) == ("ready", 3)


async def test_an_encounter_that_was_never_ready_is_withdrawn_silently(ward: Ward) -> None:
    await ward.send(*CONTEXT, encounter(status="cancelled"))
    assert await ward.emit() == []
    assert await ward.pool.fetchval("select state from ingest.chart") == "withdrawn"


async def test_a_report_without_encounter_is_linked_by_patient_and_period(ward: Ward) -> None:
    long_stay = encounter("enc-long", encounter_class="IMP", start="2026-08-30T10:00:00Z", end="2026-09-03T10:00:00Z")
    await ward.send(*CONTEXT, long_stay, encounter())
    await ward.send(
        diagnostic_report(encounter_id=None), diagnostic_report("dr-9", patient_id="pt-9", encounter_id=None)
    )
    (chart,) = await ward.emit()
    assert chart.encounter.resource_id == "enc-1"
    assert len(chart.documents) == 1


async def test_a_report_without_encounter_waits_for_it(ward: Ward) -> None:
    await ward.send(*CONTEXT, diagnostic_report(encounter_id=None))
    await ward.send(encounter())
    (chart,) = await ward.emit()
    assert len(chart.documents) == 1


async def test_clinical_facts_of_the_encounter_travel_with_the_chart(ward: Ward) -> None:
    report = diagnostic_report(result=[{"reference": "Observation/obs-1"}])
    await ward.send(*CONTEXT, condition(encounter_id="enc-1"), observation(), observation("obs-2"), encounter(), report)
    (chart,) = await ward.emit()
    assert {"Condition/cond-1", "Observation/obs-1"} <= references(chart)
    assert "Observation/obs-2" not in references(chart)


async def test_two_emissions_share_the_charts_that_are_due(ward: Ward) -> None:
    await ward.send(*CONTEXT, encounter(), diagnostic_report())
    async with ward.pool.acquire() as connection, connection.transaction():
        await connection.execute("select * from ingest.chart for update")
        assert await ward.emit() == []
    assert len(await ward.emit()) == 1


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_with_repetitions_ends_with_the_same_chart(ward: Ward, seed: int) -> None:
    events = [
        *CONTEXT,
        encounter(version=1, status="in-progress", end=None),
        encounter(version=2),
        diagnostic_report(status="preliminary", text="Preliminary.", version=1),
        diagnostic_report(version=2),
        diagnostic_report("dr-2", "Second.", version=1),
        diagnostic_report("dr-2", status="entered-in-error", version=2),
        composition(version=1),
    ]
    events += events[::2]
    Random(seed).shuffle(events)
    charts: list[ChartReady] = []
    for event in events:
        await ward.send(event)
        charts += await ward.emit()
    ward.clock.turn(seconds=6)
    charts += await ward.emit()
    last = charts[-1]
    assert [chart.chart_version for chart in charts] == list(range(1, len(charts) + 1))
    assert (last.status, last.reason) == ("ready", "complete")
    assert {document.source for document in last.documents} == {"DiagnosticReport/dr-1", "Composition/comp-1"}
    assert len(references(last)) == len(CONTEXT) + 1


GIVEN = (medication_administration(), immunization(), procedure(), supply_delivery(), device_use_statement())


async def test_what_was_given_travels_with_the_chart_linked_by_name_or_by_time(ward: Ward) -> None:
    await ward.send(*GIVEN)
    await ward.send(*CONTEXT, encounter(), diagnostic_report())
    (chart,) = await ward.emit()
    assert {f"{each['resourceType']}/{each['id']}" for each in GIVEN} <= references(chart)


@pytest.mark.parametrize("late", GIVEN, ids=[each["resourceType"] for each in GIVEN])
async def test_what_was_given_and_told_late_makes_the_next_version(ward: Ward, late: Resource) -> None:
    await ward.send(*CONTEXT, encounter(), diagnostic_report())
    await ward.emit()
    await ward.send(late)
    (chart,) = await ward.emit()
    assert chart.chart_version == 2
    assert f"{late['resourceType']}/{late['id']}" in references(chart)


async def test_what_was_given_to_another_patient_or_on_another_day_does_not_travel(ward: Ward) -> None:
    elsewhere = supply_delivery("sd-2", patient={"reference": "Patient/pt-2"})
    other_day = supply_delivery("sd-3", occurrenceDateTime="2026-09-02T10:12:00Z")
    await ward.send(*CONTEXT, encounter(), diagnostic_report(), elsewhere, other_day)
    (chart,) = await ward.emit()
    assert not references(chart) & {"SupplyDelivery/sd-2", "SupplyDelivery/sd-3"}
