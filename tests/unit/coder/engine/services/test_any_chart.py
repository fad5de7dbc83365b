"""Whatever a chart says, its services are held by it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.coder.engine.given import Amount, GivenFact, GivenKind
from services.coder.engine.model import Assertion, Chart, CodeSystem, Document, Evidence, ReportFact, Suggestion
from services.coder.engine.services import suggest_services

PHRASES = (
    "Assessment:",
    "Plan:",
    "hypertension worsening",
    "continue lisinopril 10 mg",
    "spent 45 minutes",
    "total time 90 minutes",
    "discharge 40 minutes",
    "video visit",
    "audio-only",
    "CBC",
    "admitted to the ICU",
    "TECHNIQUE: with contrast",
    "laceration was sutured",
    "given Toradol 30 mg IM",
    "1 L normal saline bolus over 90 minutes given;",
    "infliximab 420 mg IV infused over 130 minutes. Wasted 80 mg.",
    "0 mg ketorolac IM given",
    "albuterol nebulized given",
    "walker dispensed",
    "bilateral wrist splints provided",
    "flu shot given today",
    "annual physical",
    "critical care time 80 minutes",
    "İ",
    "\n",
)
WORDS = st.lists(st.sampled_from(PHRASES) | st.text(max_size=12), max_size=12).map(" ".join)
TITLES = (
    st.sampled_from(("Discharge summary", "History and Physical", "CT CHEST", "CHEST (PA & LAT)", "CBC", "İ")) | WORDS
)
REPORTS = st.lists(st.tuples(TITLES, st.sampled_from(("RAD", "LAB", "NOTE")), WORDS), max_size=4)
AMOUNTS = st.none() | st.builds(Amount, st.decimals(0, 10**6, places=3), st.sampled_from(("mg", "mL", "[IU]", "?")))
GIVEN = st.lists(
    st.builds(
        GivenFact,
        st.sampled_from(GivenKind),
        st.just("Given/1"),
        st.sampled_from(("ketorolac", "denosumab", "Tdap", "walker", "boostrix", "")),
        amount=AMOUNTS,
        route=st.sampled_from(("IM", "IV push", "IV infusion", "oral", "")),
        minutes=st.none() | st.integers(0, 600),
        text=WORDS,
    ),
    max_size=4,
).map(tuple)
CLASSES = st.sampled_from(("AMB", "VR", "EMER", "IMP", "OBSENC", ""))


@settings(max_examples=150, deadline=None)
@given(note=WORDS, title=TITLES, reports=REPORTS, encounter_class=CLASSES, given_facts=GIVEN)
def test_every_span_lies_in_its_text(
    note: str,
    title: str,
    reports: list[tuple[str, str, str]],
    encounter_class: str,
    given_facts: tuple[GivenFact, ...],
) -> None:
    texts = [Document(f"text-{n}", 1, text, name) for n, (name, _, text) in enumerate(reports)]
    documents = (Document("note", 1, note, title), *texts)
    facts = tuple(
        ReportFact(f"DiagnosticReport/{n}", title=name, categories=(category,), document_ids=(f"text-{n}",))
        for n, (name, category, _) in enumerate(reports)
    )
    chart = Chart(documents, reports=facts, encounter_class=encounter_class, given=given_facts, patient_age_years=46)
    diagnoses = [
        Suggestion(CodeSystem.ICD10CM, "I10", "", 0.9, True, Assertion.PRESENT, (Evidence.of(each, 0, len(each.text)),))
        for each in documents
        if each.text
    ]

    by_id = {document.document_id: document for document in documents}
    services = suggest_services(chart, diagnoses)
    keys = [(each.system, each.code, each.modifiers) for each in services]
    assert len(keys) == len(set(keys))
    for service in services:
        assert service.evidence or service.facts
        assert service.units > 0
        assert len(service.justified_by) <= 4
        for span in service.evidence:
            assert Evidence.of(by_id[span.document_id], span.start, span.end) == span
