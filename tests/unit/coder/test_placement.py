"""What decides on a chart's place is read from the chart; what is not known is nothing."""

import pytest

from services.coder.chart_facts import read_facts
from services.coder.placement import Placement, Restriction, read_placement
from shared.contracts.messages import ChartReady
from shared.fhir import systems
from tests.builders import coverage, diagnostic_report, encounter, organization, patient, version_of
from tests.builders.charts import ready_chart

CARDIOLOGY = {"coding": [{"system": "http://snomed.info/sct", "code": "394579002"}]}


def place(chart: ChartReady) -> Placement:
    return read_placement(chart, read_facts(chart))


def labelled(system: str, code: str) -> dict[str, object]:
    return {"security": [{"system": system, "code": code}]}


def test_a_charts_lane_is_read_from_its_encounter_and_coverage() -> None:
    placed = place(ready_chart(encounter=version_of(encounter(serviceType=CARDIOLOGY))))
    lane = placed.lane
    assert (lane.service_line, lane.encounter_class) == ("clinic", "AMB")
    assert lane.specialty == "http://snomed.info/sct|394579002"
    assert (lane.facility, lane.payer) == ("Organization/hospital", "Organization/payer-1")
    assert (lane.restrictions, placed.patient) == ((), "Patient/pt-1")


@pytest.mark.parametrize(
    ("encounter_class", "line"),
    [("IMP", "inpatient"), ("EMER", "emergency"), ("OBSENC", "observation"), ("XX", "clinic")],
)
def test_an_encounter_class_has_its_service_line(encounter_class: str, line: str) -> None:
    assert place(ready_chart(encounter_class=encounter_class)).lane.service_line == line


def test_a_visit_of_nothing_but_imaging_is_of_that_department() -> None:
    radiology = [{"coding": [{"code": "RAD"}]}]
    reports = [version_of(diagnostic_report(f"dr-{number}", "No fracture.", category=radiology)) for number in range(2)]
    note = version_of(diagnostic_report("dr-9", "Seen today."))
    assert place(ready_chart(reports=tuple(reports))).lane.service_line == "imaging"
    assert place(ready_chart(reports=(*reports, note))).lane.service_line == "clinic"


@pytest.mark.parametrize(
    ("system", "code", "restriction"),
    [
        (systems.ACT_CODE, "CEL", Restriction.VIP),
        (systems.ACT_CODE, "EMP", Restriction.EMPLOYEE),
        (systems.CONFIDENTIALITY, "V", Restriction.RESTRICTED),
    ],
)
def test_security_labels_of_patient_or_encounter_restrict_a_chart(
    system: str, code: str, restriction: Restriction
) -> None:
    meta = labelled(system, code)
    of_encounter = ready_chart(encounter=version_of(encounter(meta=meta)))
    context = (patient(meta=meta), coverage(), organization())
    of_patient = ready_chart(context=tuple(version_of(each) for each in context))
    assert place(of_encounter).lane.restrictions == (restriction,)
    assert place(of_patient).lane.restrictions == (restriction,)


def test_a_vip_courtesy_restricts_a_stay() -> None:
    courtesy = {"specialCourtesy": [{"coding": [{"system": systems.ENCOUNTER_COURTESY, "code": "VIP"}]}]}
    chart = ready_chart(encounter=version_of(encounter(hospitalization=courtesy)))
    assert place(chart).lane.restrictions == (Restriction.VIP,)


def test_a_chart_without_anything_has_a_place_all_the_same() -> None:
    bare = version_of(encounter(organization_id=None, practitioner_id=None))
    placed = place(ready_chart(encounter=bare, context=(), reports=()))
    assert (placed.lane.facility, placed.lane.payer, placed.lane.specialty) == ("", "", "")
    assert placed.patient == "Patient/pt-1"
