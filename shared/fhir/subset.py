"""Small pydantic models of the resources Chartline reads: cheap (about 0.02 ms each), and blind to everything else.

Place in the flow: a resource is validated once, whole, at intake (`validation`); afterwards it is read through these.
Invariant: reading never fails for a resource that validated, and nothing is ever written through them.
"""

from datetime import date, datetime
from typing import TypeVar

from pydantic import Field

from shared.fhir import systems
from shared.fhir.elements import (
    Attachment,
    CodeableConcept,
    Coding,
    HumanName,
    Identifier,
    Meta,
    Moment,
    Narrative,
    Period,
    Reference,
    Subset,
)


class ResourceSubset(Subset):
    """What every resource has."""

    resource_type: str = Field(alias="resourceType")
    id: str = ""
    meta: Meta = Meta()

    @property
    def self_reference(self) -> str:
        """The relative reference to this resource, such as `Patient/123`."""
        return f"{self.resource_type}/{self.id}"


class IdentifiedSubset(ResourceSubset):
    """What every resource has whose business identifiers are a list, which is all but Composition here."""

    identifier: tuple[Identifier, ...] = ()

    def identifier_in(self, system: str) -> str:
        """Return the value of the first identifier in `system`, or ''."""
        return next((identifier.value for identifier in self.identifier if identifier.system == system), "")

    @property
    def npi(self) -> str:
        """The National Provider Identifier, or ''."""
        return self.identifier_in(systems.NPI)


class Participant(Subset):
    """Who took part in an encounter, and as what (v3-ParticipationType)."""

    type: tuple[CodeableConcept, ...] = ()
    individual: Reference | None = None

    def is_a(self, code: str) -> bool:
        """Tell whether one of the roles has this v3-ParticipationType code, such as ATND."""
        return any(coding.code == code for concept in self.type for coding in concept.coding)


class EncounterDiagnosis(Subset):
    """A condition that matters to the encounter; rank 1 is the most important."""

    condition: Reference
    use: CodeableConcept = CodeableConcept()
    rank: int | None = None


class EncounterLocation(Subset):
    """Where the patient was."""

    location: Reference


class Hospitalization(Subset):
    """How a stay is to be treated, and how it ended."""

    special_courtesy: tuple[CodeableConcept, ...] = Field(default=(), alias="specialCourtesy")
    discharge_disposition: CodeableConcept = Field(default=CodeableConcept(), alias="dischargeDisposition")

    @property
    def courtesies(self) -> tuple[Coding, ...]:
        """All codings of special courtesies, such as VIP."""
        return tuple(coding for concept in self.special_courtesy for coding in concept.coding)


class EncounterSubset(IdentifiedSubset):
    """Encounter: status, class, patient, period, people, reasons."""

    status: str
    class_: Coding = Field(alias="class")
    type: tuple[CodeableConcept, ...] = ()
    service_type: CodeableConcept = Field(default=CodeableConcept(), alias="serviceType")
    priority: CodeableConcept = CodeableConcept()
    hospitalization: Hospitalization = Hospitalization()
    subject: Reference | None = None
    period: Period = Period()
    participant: tuple[Participant, ...] = ()
    reason_code: tuple[CodeableConcept, ...] = Field(default=(), alias="reasonCode")
    reason_reference: tuple[Reference, ...] = Field(default=(), alias="reasonReference")
    diagnosis: tuple[EncounterDiagnosis, ...] = ()
    location: tuple[EncounterLocation, ...] = ()
    service_provider: Reference | None = Field(default=None, alias="serviceProvider")
    part_of: Reference | None = Field(default=None, alias="partOf")


class DiagnosticReportSubset(IdentifiedSubset):
    """DiagnosticReport: status, code, links, times and texts."""

    status: str
    category: tuple[CodeableConcept, ...] = ()
    code: CodeableConcept = CodeableConcept()
    subject: Reference | None = None
    encounter: Reference | None = None
    effective_date_time: Moment | None = Field(default=None, alias="effectiveDateTime")
    effective_period: Period | None = Field(default=None, alias="effectivePeriod")
    issued: Moment | None = None
    performer: tuple[Reference, ...] = ()
    results_interpreter: tuple[Reference, ...] = Field(default=(), alias="resultsInterpreter")
    result: tuple[Reference, ...] = ()
    presented_form: tuple[Attachment, ...] = Field(default=(), alias="presentedForm")
    conclusion: str = ""
    conclusion_code: tuple[CodeableConcept, ...] = Field(default=(), alias="conclusionCode")

    @property
    def effective_at(self) -> datetime | None:
        """When the observation was made: effective time, else issued."""
        period_start = self.effective_period.start if self.effective_period else None
        return self.effective_date_time or period_start or self.issued


class CompositionSection(Subset):
    """A titled part of a Composition; sections nest."""

    title: str = ""
    code: CodeableConcept = CodeableConcept()
    text: Narrative | None = None
    section: "tuple[CompositionSection, ...]" = ()


class CompositionSubset(ResourceSubset):
    """Composition: a structured clinical document."""

    status: str
    type: CodeableConcept = CodeableConcept()
    subject: Reference | None = None
    encounter: Reference | None = None
    date: Moment | None = None
    author: tuple[Reference, ...] = ()
    title: str = ""
    section: tuple[CompositionSection, ...] = ()


class DocumentContent(Subset):
    """One form of a document."""

    attachment: Attachment


class DocumentContext(Subset):
    """The clinical context of a document."""

    encounter: tuple[Reference, ...] = ()
    period: Period | None = None


class DocumentReferenceSubset(IdentifiedSubset):
    """DocumentReference: an indexed document with its content."""

    status: str
    doc_status: str = Field(default="", alias="docStatus")
    type: CodeableConcept = CodeableConcept()
    subject: Reference | None = None
    date: Moment | None = None
    author: tuple[Reference, ...] = ()
    description: str = ""
    content: tuple[DocumentContent, ...] = ()
    context: DocumentContext | None = None


class PatientSubset(IdentifiedSubset):
    """Patient: who, and demographics that coding and billing need."""

    name: tuple[HumanName, ...] = ()
    gender: str = ""
    birth_date: str | None = Field(default=None, alias="birthDate")

    def age_years(self, on: date) -> int | None:
        """Return the completed years of life on a day, None where the full birth date is unknown."""
        if self.birth_date is None or len(self.birth_date) != len("2026-01-01"):
            return None
        born = date.fromisoformat(self.birth_date)
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


class CoverageSubset(IdentifiedSubset):
    """Coverage: who is insured by whom, when."""

    status: str
    type: CodeableConcept = CodeableConcept()
    subscriber: Reference | None = None
    subscriber_id: str = Field(default="", alias="subscriberId")
    beneficiary: Reference
    payor: tuple[Reference, ...] = ()
    period: Period = Period()
    order: int | None = None


class OrganizationSubset(IdentifiedSubset):
    """Organization: payer, hospital, department."""

    name: str = ""
    type: tuple[CodeableConcept, ...] = ()
    part_of: Reference | None = Field(default=None, alias="partOf")


class PractitionerSubset(IdentifiedSubset):
    """Practitioner: a person who gives care."""

    name: tuple[HumanName, ...] = ()


class ConditionSubset(IdentifiedSubset):
    """Condition: a diagnosis or problem in structured data."""

    code: CodeableConcept = CodeableConcept()
    subject: Reference
    encounter: Reference | None = None
    clinical_status: CodeableConcept = Field(default=CodeableConcept(), alias="clinicalStatus")
    verification_status: CodeableConcept = Field(default=CodeableConcept(), alias="verificationStatus")


SubsetT = TypeVar("SubsetT", bound=ResourceSubset)


def read_as(subset: type[SubsetT], body: str | bytes) -> SubsetT:
    """Read the JSON text of a validated resource through `subset`; raises pydantic.ValidationError otherwise."""
    return subset.model_validate_json(body)
