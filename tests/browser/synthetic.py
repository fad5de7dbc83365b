"""Made-up charts to look at: every name, number and word is invented."""

from datetime import UTC, date, datetime
from uuid import UUID

from services.coder.engine.model import (
    Assertion,
    CodeSystem,
    Document,
    EngineVersion,
    Evidence,
    Indicator,
    Suggestion,
    Suggestions,
)
from shared.contracts.messages import ChartDocument, ChartReady
from tests.builders.charts import ready_chart

VISIT = """\
REASON FOR VISIT
Cough and fever for four days, short of breath since yesterday.

HISTORY
The patient is known to have type 2 diabetes, treated with metformin, and essential
hypertension. No chest pain. Smoked until ten years ago. The father had a myocardial
infarction at sixty.

EXAMINATION
Temperature 38.6 °C, pulse 104, blood pressure 148/86, oxygen saturation 93 % on room
air. Crackles over the lower right lung. No oedema.

LABORATORY
C-reactive protein 112 mg/l, leukocytes 14.8 G/l, potassium 3.1 mmol/l.

ASSESSMENT
1. Community-acquired pneumonia of the right lower lobe.
2. Type 2 diabetes, glucose 214 mg/dl this morning.
3. Hypertension, not at goal.
4. Cough, part of the pneumonia.

PLAN
Amoxicillin with clavulanic acid for seven days. Metformin goes on. Blood pressure diary.
Return in three days, sooner with more shortness of breath.
"""
IMAGING = """\
CHEST, TWO VIEWS
Indication: cough, fever.

Findings: Consolidation in the right lower lobe with air bronchograms. No pleural effusion. Heart size normal.

Impression: Right lower lobe pneumonia.
"""
VISIT_ID, IMAGING_ID = "DiagnosticReport/visit#0", "DiagnosticReport/chest#0"
_CLASSES = {"outpatient": "AMB", "emergency": "EMER", "inpatient": "IMP"}
_VERSION = EngineVersion("synthetic 1", "icd10cm-2026", "0" * 64)
_PROPOSED: tuple[tuple[str, str, float, tuple[tuple[str, str], ...], tuple[str, ...], str], ...] = (
    (
        "J18.9",
        "Pneumonia, unspecified organism",
        0.97,
        ((VISIT_ID, "Community-acquired pneumonia"), (IMAGING_ID, "Right lower lobe pneumonia")),
        ("organism",),
        "Named in the assessment and in the impression.",
    ),
    (
        "E11.65",
        "Type 2 diabetes mellitus with hyperglycemia",
        0.83,
        ((VISIT_ID, "Type 2 diabetes, glucose 214 mg/dl"), (VISIT_ID, "type 2 diabetes")),
        ("control",),
        "The assessment names the disease with a glucose above its range.",
    ),
    ("I10", "Essential (primary) hypertension", 0.95, ((VISIT_ID, "Hypertension"),), (), "Named in the assessment."),
    ("R05.9", "Cough, unspecified", 0.41, ((VISIT_ID, "Cough, part of the pneumonia"),), (), "Named as a symptom."),
)


def synthetic_chart(chart_id: UUID, *, visit: str = VISIT, care: str = "outpatient") -> ChartReady:
    """A visit for a cough, with a note and an imaging report; `care` is its setting."""
    documents = tuple(
        ChartDocument(
            document_id=document_id,
            version=1,
            source=document_id.split("#")[0],
            title=title,
            kind="",
            authored_at=datetime(2026, 9, 1, hour, 20, tzinfo=UTC),
            text=text,
        )
        for document_id, title, hour, text in (
            (VISIT_ID, "Office visit", 10, visit),
            (IMAGING_ID, "Chest imaging", 11, IMAGING),
        )
    )
    return ready_chart(
        chart_id,
        documents=documents,
        service_date=date(2026, 9, 1 + chart_id.int % 20),
        setting=care,
        encounter_class=_CLASSES[care],
    )


def synthetic_answer(*, visit: str = VISIT) -> Suggestions:
    """What an engine might say about it: three codes, a symptom that belongs to one of them, and a question."""
    texts = {VISIT_ID: Document(VISIT_ID, 1, visit), IMAGING_ID: Document(IMAGING_ID, 1, IMAGING)}

    def cite(document_id: str, words: str) -> Evidence:
        start = texts[document_id].text.index(words)
        return Evidence.of(texts[document_id], start, start + len(words))

    suggestions = tuple(
        Suggestion(
            system=CodeSystem.ICD10CM,
            code=code,
            display=display,
            confidence=confidence,
            selected=True,
            assertion=Assertion.PRESENT,
            evidence=tuple(cite(*words) for words in evidence),
            missing=missing,
            why=why,
        )
        for code, display, confidence, evidence, missing, why in _PROPOSED
    )
    potassium = Indicator("Observation.value", "Potassium 3.1 mmol/l is below 3.5 to 5.1", ("E87",))
    return Suggestions(_VERSION, suggestions, (potassium,))
