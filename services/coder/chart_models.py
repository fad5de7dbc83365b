"""What the queue API shows of a chart: documents, suggestions, decisions, and what they amount to.

Place in the flow: `views` fills these, `api` and the workbench read them; pure.
"""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from services.coder.api_models import ApiModel
from services.coder.decision_models import CodingView, DecisionView
from services.coder.engine.model import Assertion, CodeSystem, Setting
from services.coder.work_item import State
from shared.contracts.messages import Finding


class EvidenceSpan(ApiModel):
    """The words that justify a suggestion: `text[start:end]` of one document version, in characters."""

    document_id: str
    version: int
    start: int
    end: int
    sha256: str = Field(description="SHA-256 of the span's UTF-8 bytes, in hex.")


class FactView(ApiModel):
    """A code that arrived in structured data and agrees with a suggestion; `path` is where it was read."""

    path: str = Field(examples=["Encounter.reasonCode"])
    system: str
    code: str
    display: str


class IndicatorView(ApiModel):
    """A result outside its range: a reason to ask the clinician, never a code by itself."""

    path: str
    statement: str
    codes: tuple[str, ...] = Field(description="Categories of conditions that the clinician may have had in mind.")


class SuggestionView(ApiModel):
    """A code that the engine proposes. `selected` ones must be decided before the chart can be completed."""

    suggestion_id: UUID
    system: CodeSystem
    code: str
    display: str
    confidence: float
    selected: bool
    assertion: Assertion
    missing: tuple[str, ...] = Field(description='Details that the words leave open, such as "laterality".')
    why: str
    evidence: tuple[EvidenceSpan, ...]
    facts: tuple[FactView, ...]
    modifiers: tuple[str, ...] = Field(default=(), description="Of a service, in the order of the claim line.")
    units: int = 1
    justified_by: tuple[str, ...] = Field(
        default=(), description="Diagnosis codes that make a service necessary, most important first."
    )
    place_of_service: str = Field(default="", description="CMS code where the line must carry one, such as 10.")


class DocumentView(ApiModel):
    """One readable text of the chart."""

    document_id: str
    version: int
    source: str
    title: str
    kind: str
    authored_at: datetime | None
    text: str


class EncounterFacts(ApiModel):
    """What the structured data says about the encounter."""

    reference: str = Field(examples=["Encounter/enc-1"])
    encounter_class: str = Field(description="v3-ActCode, such as AMB, EMER, IMP.")
    setting: Setting
    service_date: date | None = Field(description="The day whose code sets apply.")
    patient_age_years: int | None
    patient_sex: str | None


class EngineView(ApiModel):
    """What produced the suggestions, enough to compute them again."""

    engine: str
    code_set: str
    lexicon: str
    learned: str


class ChartView(ApiModel):
    """Everything a coder needs to decide about one chart version. Its ETag changes with every change to the chart."""

    chart_id: UUID
    chart_version: int
    work_item_id: UUID
    state: State
    coding_version: int = Field(description="How many times this chart has been completed.")
    encounter: EncounterFacts
    documents: tuple[DocumentView, ...]
    engine: EngineView | None
    indicators: tuple[IndicatorView, ...]
    suggestions: tuple[SuggestionView, ...]
    decisions: tuple[DecisionView, ...] = Field(description="All of this chart version, oldest first.")
    codings: tuple[CodingView, ...] = Field(description="What the claim would have now, in its order.")
    undecided: tuple[UUID, ...]
    findings: tuple[Finding, ...] = Field(description="Why the last coding came back from billing, if it did.")


class ScrubView(ApiModel):
    """What billing's edits would find now. Errors keep the chart from being completed, warnings do not."""

    is_known: bool = Field(description="False while the edits cannot be asked, or the chart lacks what a claim needs.")
    findings: tuple[Finding, ...]
