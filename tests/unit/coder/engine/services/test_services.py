"""Hand-written charts and the services that follow from them."""

import tomllib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.coder.engine.given import Amount, GivenFact, GivenKind, Strength
from services.coder.engine.model import (
    Assertion,
    Chart,
    CodeSystem,
    Document,
    Evidence,
    ReportFact,
    Suggestion,
)
from services.coder.engine.services import suggest_services
from shared.fhir import systems

CODE_SYSTEMS = {
    "cpt": systems.CPT,
    "hcpcs": systems.HCPCS,
    "cvx": systems.CVX,
    "rxnorm": systems.RXNORM,
    "ndc": systems.NDC,
}
Case = dict[str, Any]
"""One table of a cases*.toml; its values differ by name."""
CASES: list[Case] = [
    case
    for path in sorted(Path(__file__).parent.glob("cases*.toml"))
    for case in tomllib.loads(path.read_text("utf-8"))["case"]
]


def build_chart(case: Case) -> Chart:
    reports = case.get("reports", [])
    notes = [Document("note", 1, case["note"], case.get("title", "Note"))] if "note" in case else []
    texts = [Document(f"text-{n}", 1, each["text"], each["title"]) for n, each in enumerate(reports) if "text" in each]
    admitted, discharged = case.get("stay", (None, None))
    return Chart(
        documents=(*notes, *texts),
        service_date=case.get("day", date(2026, 9, 1)),
        reports=tuple(build_report(n, each) for n, each in enumerate(reports)),
        encounter_class=case.get("class", "AMB"),
        payer=case.get("payer", ""),
        is_new_patient=case.get("is_new_patient"),
        admitted_on=admitted,
        discharged_on=discharged,
        patient_age_years=case.get("age"),
        encounter_type=case.get("type", ""),
        given=tuple(build_given(n, each) for n, each in enumerate(case.get("given", []))),
    )


def build_given(number: int, written: Case) -> GivenFact:
    value, _, unit = written.get("dose", "").partition(" ")
    drug, _, solution = written.get("strength", "").partition(" / ")
    strength = Strength(read_amount(drug), read_amount(solution)) if drug else None
    return GivenFact(
        GivenKind(written["kind"]),
        f"Given/{number}",
        written.get("title", ""),
        tuple((CODE_SYSTEMS[name], code) for name, code in written.get("codes", {}).items()),
        amount=Amount(Decimal(value), unit) if value else None,
        strength=strength,
        route=written.get("route", ""),
        minutes=written.get("minutes"),
        body_site=written.get("site", ""),
        text=written.get("text", ""),
        reasons=tuple(written.get("reasons", ())),
    )


def read_amount(written: str) -> Amount:
    value, _, unit = written.partition(" ")
    return Amount(Decimal(value), unit)


def build_report(number: int, written: Case) -> ReportFact:
    return ReportFact(
        path=f"DiagnosticReport/{number}",
        loinc=written.get("loinc", ""),
        title=written["title"],
        categories=(written["kind"],),
        status=written.get("status", "final"),
        components=tuple(written.get("components", ())),
        interpreters=(written["reader"],) if "reader" in written else (),
        document_ids=(f"text-{number}",) if "text" in written else (),
        performed_at=written.get("at"),
    )


def diagnose(chart: Chart, written: str) -> Suggestion:
    code, words = written.split(" ", 1)
    document = next(each for each in chart.documents if words in each.text)
    start = document.text.index(words)
    evidence = (Evidence.of(document, start, start + len(words)),)
    return Suggestion(CodeSystem.ICD10CM, code, words, 0.9, True, Assertion.PRESENT, evidence)


def show(service: Suggestion) -> str:
    units = f"*{service.units}" if service.units != 1 else ""
    return ("" if service.selected else "?") + "-".join([service.code, *service.modifiers]) + units


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: Case) -> None:
    chart = build_chart(case)
    diagnoses = [diagnose(chart, each) for each in case.get("diagnoses", ())]

    services = suggest_services(chart, diagnoses)

    assert [show(each) for each in services] == case["services"], [each.why for each in services]
    assert [each.place_of_service for each in services[:1]] == [case.get("place", "")][: len(services)]
    assert [gap for each in services for gap in each.missing if "missing" in case] == case.get("missing", [])
    for code, expected in case.get("justified", {}).items():
        assert next(list(each.justified_by) for each in services if each.code == code) == expected


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_every_line_is_held_by_the_chart(case: Case) -> None:
    chart = build_chart(case)
    texts = {document.document_id: document for document in chart.documents}
    diagnoses = [diagnose(chart, each) for each in case.get("diagnoses", ())]

    for service in suggest_services(chart, diagnoses):
        assert service.evidence or service.facts
        assert set(service.justified_by) <= {each.code for each in diagnoses}
        for span in service.evidence:
            assert Evidence.of(texts[span.document_id], span.start, span.end) == span


def test_a_case_names_its_rule_and_is_one_of_many() -> None:
    assert all(case["source"] for case in CASES)
    assert len({case["name"] for case in CASES}) == len(CASES) >= 120


def test_the_three_elements_of_a_visit_are_shown_with_their_words() -> None:
    note = "Follow-up. Assessment: Hypertension. CBC and TSH ordered. Plan: continue lisinopril 10 mg."
    chart = Chart((Document("note", 1, note),), encounter_class="AMB")

    (visit,) = suggest_services(chart, [diagnose(chart, "I10 Hypertension")])

    assert visit.why == (
        "Decision making low; problems low (I10 chronic); data low (blood count, thyroid test); "
        "risk moderate (prescription drug management)."
    )
    words = [note[span.start : span.end] for span in visit.evidence]
    assert words == ["Hypertension", "CBC", "TSH", "continue lisinopril"]
    assert visit.justified_by == ("I10",)


def test_an_offer_of_the_engine_justifies_nothing() -> None:
    note = "Follow-up. Assessment: Hypertension. Plan: continue lisinopril 10 mg."
    chart = Chart((Document("note", 1, note),), encounter_class="AMB")

    assert suggest_services(chart, [diagnose(chart, "I10 Hypertension")._replace(selected=False)]) == ()


def test_days_of_a_stay_are_units_of_one_line_and_two_notes_of_a_day_are_one_visit() -> None:
    text = "Assessment: Pneumonia. Plan: continue ceftriaxone 1 g."
    days = [(1, 8), (1, 20), (2, 8)]
    notes = tuple(
        Document(f"n{number}", 1, text, "Progress note", authored_at=datetime(2026, 9, day, hour, tzinfo=UTC))
        for number, (day, hour) in enumerate(days)
    )
    chart = Chart(notes, encounter_class="IMP")
    told = tuple(Evidence.of(note, 12, 21) for note in notes)

    (visit,) = suggest_services(chart, [diagnose(chart, "J18.9 Pneumonia")._replace(evidence=told)])

    assert (visit.code, visit.units) == ("99232", 2)


def write_notes(*notes: tuple[int, str, str]) -> tuple[Document, ...]:
    return tuple(
        Document(f"n{number}", 1, text, title, authored_at=datetime(2026, 9, day, 8, tzinfo=UTC))
        for number, (day, title, text) in enumerate(notes)
    )


def test_critical_care_of_a_child_has_a_first_day_and_further_ones_and_no_visit_beside() -> None:
    text = "Infant, critically ill. Assessment: Sepsis. 50 minutes of critical care."
    notes = write_notes((2, "Progress note", text), (1, "Admission note", text), (2, "Progress note", text))
    chart = Chart(notes, encounter_class="IMP", patient_age_years=1)

    services = suggest_services(chart, [])

    assert [show(each) for each in services] == ["99471", "99472"]


def test_two_consultants_of_one_day_are_two_consultations() -> None:
    text = "Requested by Dr. Wu. Assessment: Pneumonia. Plan: start azithromycin 500 mg."
    notes = write_notes((1, "Cardiology consult", text), (1, "Renal consult", text), (1, "Renal consult", text))
    chart = Chart(notes, encounter_class="IMP")
    told = tuple(Evidence.of(note, text.index("Pneumonia"), text.index("Pneumonia") + 9) for note in notes)

    (visit,) = suggest_services(chart, [diagnose(chart, "J18.9 Pneumonia")._replace(evidence=told)])

    assert (visit.code, visit.units) == ("99254", 2)


def test_the_day_of_the_discharge_may_be_told_in_words() -> None:
    note = "TCM visit, discharged yesterday. Called within two business days. Pneumonia. Start azithromycin 5 mg."
    chart = Chart((Document("note", 1, note),), encounter_class="AMB", service_date=date(2026, 9, 1))

    (line,) = suggest_services(chart, [diagnose(chart, "J18.9 Pneumonia")])

    assert line.code == "99495"
    assert [note[each.start : each.end] for each in line.evidence][1] == "discharged yesterday"


def test_a_consultation_shows_who_asked_for_it() -> None:
    note = "Seen at the request of Dr. Lee. Assessment: Hypertension. Plan: start lisinopril 10 mg."
    chart = Chart((Document("note", 1, note, "Cardiology consultation"),), encounter_class="AMB")

    (visit,) = suggest_services(chart, [diagnose(chart, "I10 Hypertension")])

    assert "at the request of" in [note[each.start : each.end] for each in visit.evidence]
