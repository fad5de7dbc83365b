"""What goes into the engine and what comes out: the pure vocabulary of coding a chart.

Place in the flow: `services.coder.service` builds a `Chart` from the stored documents, hands it to an `Engine`, and
stores the `Suggestion`s. Nothing here or below performs I/O.

Invariants: every suggestion carries at least one piece of evidence, and a service that rests on a structured report at
least that fact; an evidence span lies inside its document, and `document.text[start:end]` hashes to `sha256`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, Protocol

from services.coder.engine.given import GivenFact
from services.coder.engine.learned import NOTHING_LEARNED, LearnedState
from services.coder.engine.procedure_tables import ProcedureTables


class Setting(StrEnum):
    """Where care was given; it decides how uncertain diagnoses are coded (Guidelines II.H, IV.H)."""

    INPATIENT = "inpatient"
    OUTPATIENT = "outpatient"
    EMERGENCY = "emergency"


class Assertion(StrEnum):
    """What the text claims about a condition."""

    PRESENT = "present"
    ABSENT = "absent"
    HISTORICAL = "historical"
    HYPOTHETICAL = "hypothetical"
    FAMILY = "family"
    UNCERTAIN = "uncertain"


PRESENT, ABSENT, HISTORICAL, HYPOTHETICAL, FAMILY, UNCERTAIN = Assertion
"""The members by themselves, for what asks often: a class of names looks each of them up anew."""


class CodeSystem(StrEnum):
    """The code systems a suggestion may be in."""

    ICD10CM = "icd10cm"
    ICD10PCS = "icd10pcs"
    CPT = "cpt"
    HCPCS = "hcpcs"


@dataclass(frozen=True, slots=True)
class Document:
    """One readable text of a chart, in one version. Offsets everywhere are character offsets into `text`."""

    document_id: str
    version: int
    text: str
    title: str = ""
    kind: str = ""
    authored_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CodedFact:
    """A code that arrived in structured data, such as `Encounter.reasonCode`: evidence of its own kind, no answer.

    `path` is the FHIR path it was read from, `system` the FHIR code system URI.
    """

    path: str
    system: str
    code: str
    display: str = ""


@dataclass(frozen=True, slots=True)
class LabResult:
    """A laboratory result from structured data; `low` and `high` are its reference range, in the result's own unit.

    `path` is the FHIR path it was read from, `loinc` its LOINC code or "".
    """

    path: str
    name: str
    value: float
    unit: str = ""
    low: float | None = None
    high: float | None = None
    loinc: str = ""


@dataclass(frozen=True, slots=True)
class ReportFact:
    """A DiagnosticReport as structured data: what was examined, and by whom.

    `path` is its reference; `categories` are codes such as LAB or RAD (HL7 v2-0074); `components` are the LOINC codes
    of its results; `performers` and `interpreters` are references; `document_ids` name the texts read from it;
    `performed_at` is when it was done, None where that is not told.
    """

    path: str
    loinc: str = ""
    title: str = ""
    categories: tuple[str, ...] = ()
    status: str = "final"
    components: tuple[str, ...] = ()
    performers: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()
    document_ids: tuple[str, ...] = ()
    performed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Indicator:
    """A result outside its range: evidence of its own kind, which asks a question and never answers it.

    `codes` are the categories of conditions that a clinician may have had in mind, for a query to the clinician.
    """

    path: str
    statement: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the engine may know about one encounter.

    `learned` is what this tenant's coders have taught so far, `specialty` the one it is looked up for.
    `encounter_class` is a v3-ActCode such as AMB, `payer` the name of the insurer; `is_new_patient` is None where the
    history of encounters is not known; a stay runs from `admitted_on` to `discharged_on`; `given` is what was done or
    given, as structured data says it; `encounter_type` is what registration calls the encounter; `procedure_tables`
    are the official ICD-10-PCS tables of the day, None where none are loaded.
    """

    documents: tuple[Document, ...]
    setting: Setting = Setting.OUTPATIENT
    service_date: date | None = None
    coded_facts: tuple[CodedFact, ...] = ()
    patient_age_years: int | None = None
    patient_sex: str | None = None
    lab_results: tuple[LabResult, ...] = ()
    specialty: str = ""
    learned: LearnedState = NOTHING_LEARNED
    reports: tuple[ReportFact, ...] = ()
    encounter_class: str = ""
    payer: str = ""
    is_new_patient: bool | None = None
    admitted_on: date | None = None
    discharged_on: date | None = None
    given: tuple[GivenFact, ...] = ()
    encounter_type: str = ""
    procedure_tables: ProcedureTables | None = None


@lru_cache(maxsize=10_000)
def _hash_words(words: str) -> str:
    # Kept, since the terms of notes repeat.
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()


class Evidence(NamedTuple):
    """The words that justify a suggestion: a span of one document version, and the SHA-256 of its UTF-8 text."""

    document_id: str
    version: int
    start: int
    end: int
    sha256: str

    @classmethod
    def of(cls, document: Document, start: int, end: int) -> "Evidence":
        """Cite `document.text[start:end]`; raises ValueError when the span is empty or outside the text."""
        if not 0 <= start < end <= len(document.text):
            raise ValueError(f"span {start}:{end} is outside a document of {len(document.text)} characters")
        return cls(document.document_id, document.version, start, end, _hash_words(document.text[start:end]))


class Suggestion(NamedTuple):
    """A code that the engine proposes.

    `confidence` is a calibrated probability in [0, 1]; `selected` marks what would be proposed by default; `missing`
    names the details that the words leave open ("laterality", "type", ...); `why` is one sentence for the coder;
    `facts` are the chart's coded facts that agree; `entry` names the words and code that decisions teach about.
    Of a service, `modifiers` are in the order of the claim line, `justified_by` are the diagnosis codes that make it
    necessary, most important first, and `place_of_service` is the CMS code, "" where the payer infers it.
    """

    system: CodeSystem
    code: str
    display: str
    confidence: float
    selected: bool
    assertion: Assertion
    evidence: tuple[Evidence, ...]
    missing: tuple[str, ...] = ()
    why: str = ""
    facts: tuple[CodedFact, ...] = ()
    entry: str = ""
    modifiers: tuple[str, ...] = ()
    units: int = 1
    justified_by: tuple[str, ...] = ()
    place_of_service: str = ""


@dataclass(frozen=True, slots=True)
class EngineVersion:
    """What produced a suggestion, enough to compute it again.

    `lexicon` is the hash of its content, `learned` that of the learned state, empty when nothing was learned.
    """

    engine: str
    code_set: str
    lexicon: str
    learned: str = ""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The engine's answer for one chart: suggestions in the order in which they would be reported, and indicators."""

    version: EngineVersion
    suggestions: tuple[Suggestion, ...] = field(default=())
    indicators: tuple[Indicator, ...] = field(default=())


class Engine(Protocol):
    """Chart in, suggestions out: deterministic, without I/O, safe to call from several processes."""

    version: EngineVersion

    def suggest(self, chart: Chart, *, exhaustive: bool = False) -> Suggestions:
        """Suggest codes for `chart`; `exhaustive` selects every codable condition instead of those of the encounter."""
        ...

    def assess(self, text: str, spans: Sequence[tuple[int, int]]) -> list[Assertion]:
        """Tell the assertion of each span of `text`."""
        ...
