"""A chart from its resources. Pure.

Place in the flow: `emission` reads what an encounter has and refers to, asks here what is missing and whether anything
changed, and puts the `ChartReady` into the outbox.

Invariants: resources travel as the text that arrived; equal material gives an equal fingerprint, and no second message.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.ingest.readiness import (
    PENDING_REPORT,
    READABLE_REPORT,
    Reason,
    service_date_of,
    setting_of,
)
from shared.contracts.messages import ChartDocument, ChartReady, ResourceVersion
from shared.contracts.topics import MAX_RECORD_BYTES
from shared.documents.reading import DOCUMENT_TYPES
from shared.fhir.references import ResourceKey, read_reference
from shared.fhir.subset import CoverageSubset, EncounterSubset, read_as

PEOPLE_AND_PLACES = frozenset(
    {"Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Organization", "Location"}
)
GIVEN_TYPES = frozenset(
    {"Procedure", "MedicationAdministration", "SupplyDelivery", "DeviceUseStatement", "Immunization"}
)
"""What tells of something done to or given to the patient, for which a line may be billed."""
FACTS = frozenset({"Condition"}) | GIVEN_TYPES
TIMED_TYPES = DOCUMENT_TYPES | GIVEN_TYPES
"""Types that are linked by patient and time where they name no encounter; two of them have no element for one."""
OWN_KINDS = frozenset({"Encounter"}) | DOCUMENT_TYPES | FACTS
"""Types of which a chart has all that name its encounter."""
_FOLLOWED = PEOPLE_AND_PLACES | FACTS | {"Observation", "ImagingStudy", "Medication", "Device"}
_FOLLOWED_FROM_GIVEN = PEOPLE_AND_PLACES | {"Medication", "Device", "Condition"}
_WANTED = frozenset({"Practitioner", "PractitionerRole", "Organization", "Location", "Condition"})
_LARGEST_CHART_BYTES = MAX_RECORD_BYTES * 3 // 4
"""Of text, before JSON escapes it: the rest of the record is room for that."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """The text of a stored resource, with its version."""

    version: int
    kind: str
    title: str
    authored_at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class StoredResource:
    """The current version of a resource."""

    key: ResourceKey
    version: str
    status: str
    refers_to: tuple[ResourceKey, ...]
    body: str
    document: StoredDocument | None = None

    @property
    def is_readable(self) -> bool:
        """Its status lets its content be coded."""
        return self.status in READABLE_REPORT

    def as_version(self) -> ResourceVersion:
        """Return the form in which it travels."""
        return ResourceVersion.of(self.key.resource_type, self.key.resource_id, self.body, self.version)


@dataclass(frozen=True, slots=True)
class Material:
    """All that is known for one chart. `others` may hold more than this chart needs."""

    encounter: StoredResource
    own: tuple[StoredResource, ...]
    coverages: tuple[StoredResource, ...]
    others: Mapping[ResourceKey, StoredResource]
    patient: ResourceKey | None

    def documents(self) -> list[StoredResource]:
        """Return the reports and notes, whatever their status, in order of time."""
        return [resource for resource in self.own if resource.key.resource_type in DOCUMENT_TYPES]

    def count_pending(self) -> int:
        """Count the reports that will still change."""
        return sum(resource.status in PENDING_REPORT for resource in self.documents())

    def count_readable(self) -> int:
        """Count the reports and notes that may be coded."""
        return sum(resource.is_readable for resource in self.documents())

    def find_missing(self) -> frozenset[str]:
        """Return what a claim cannot do without: patient, an active coverage, and its payers."""
        if self.patient is None:
            return frozenset({"Encounter.subject"})
        missing = set() if self.patient in self.others else {self.patient.reference}
        active = [resource for resource in self.coverages if resource.status == "active"]
        if not active:
            missing.add(coverage_of(self.patient.resource_id))
        for resource in active:
            missing.update(key.reference for key in _payers(resource) if key not in self.others)
        return frozenset(missing)

    def find_wanted(self) -> frozenset[str]:
        """Return what the encounter refers to, a claim would like to have, and is not known."""
        refers_to = (key for key in self.encounter.refers_to if key.resource_type in _WANTED)
        return frozenset(key.reference for key in refers_to if key not in self.others)

    def fingerprint(self, missing: Iterable[str]) -> str:
        """Hash what a coder would see differently: encounter, reports, notes, what was given, and what is missing."""
        parts = [self.encounter.body, *sorted(missing)]
        parts += [resource.body for resource in self.documents() if resource.is_readable]
        parts += [resource.body for resource in self.own if resource.key.resource_type in GIVEN_TYPES]
        digest = hashlib.sha256()
        for part in parts:
            digest.update(hashlib.sha256(part.encode()).digest())
        return digest.hexdigest()


def coverage_of(patient_id: str) -> str:
    """Name the coverage that a patient lacks, as a FHIR search would."""
    return f"Coverage?beneficiary=Patient/{patient_id}"


def follow_references(resources: Iterable[StoredResource]) -> set[ResourceKey]:
    """Return what of these resources' references belongs to a chart; of notes only people and places."""
    keys: set[ResourceKey] = set()
    for resource in resources:
        followed = _choose_followed(resource.key.resource_type)
        keys.update(key for key in resource.refers_to if key.resource_type in followed)
    return keys


def _choose_followed(resource_type: str) -> frozenset[str]:
    """The types that are followed from a resource: of something given also what it was, and why."""
    if resource_type in GIVEN_TYPES:
        return _FOLLOWED_FROM_GIVEN
    is_note = resource_type in DOCUMENT_TYPES - {"DiagnosticReport"}
    return PEOPLE_AND_PLACES if is_note or resource_type in _FOLLOWED else _FOLLOWED


def assemble_ready(chart_id: UUID, chart_version: int, reason: Reason, material: Material) -> ChartReady:
    """Put a chart together that can be coded; what would not fit into a record is left out, largest first."""
    readable = [resource for resource in material.documents() if resource.is_readable]
    reports = [resource for resource in readable if resource.key.resource_type == "DiagnosticReport"]
    documents = tuple(_document(resource) for resource in readable if resource.document and resource.document.text)
    context = _context(material, readable)
    room = _LARGEST_CHART_BYTES - sum(len(document.text) for document in documents) - len(material.encounter.body)
    kept = _fit([*context, *reports], room)
    encounter = read_as(EncounterSubset, material.encounter.body)
    return ChartReady(
        chart_id=chart_id,
        chart_version=chart_version,
        status="ready",
        reason=reason,
        encounter_class=encounter.class_.code,
        setting=setting_of(encounter.class_.code),
        service_date=service_date_of(encounter),
        encounter=material.encounter.as_version(),
        documents=documents,
        reports=tuple(resource.as_version() for resource in reports if resource.key in kept),
        context=tuple(resource.as_version() for resource in context if resource.key in kept),
    )


def assemble_withdrawn(chart_id: UUID, chart_version: int, reason: Reason, material: Material) -> ChartReady:
    """Tell the coder that a chart is not to be coded any more."""
    bare = replace(material, own=(), coverages=(), others={})
    return assemble_ready(chart_id, chart_version, reason, bare).model_copy(update={"status": "withdrawn"})


def _context(material: Material, readable: list[StoredResource]) -> list[StoredResource]:
    """Patient, coverages, whom they refer to, facts and notes; each once, in that order."""
    notes = [resource for resource in readable if resource.key.resource_type != "DiagnosticReport"]
    facts = [resource for resource in material.own if resource.key.resource_type in FACTS]
    sources = [material.encounter, *readable, *facts, *material.coverages]
    first = follow_references(sources) | ({material.patient} if material.patient else set())
    found = [material.others[key] for key in sorted(first) if key in material.others]
    second = sorted(follow_references(found) - first)
    found += [material.others[key] for key in second if key in material.others]
    ordered = sorted(found, key=lambda resource: resource.key.resource_type not in PEOPLE_AND_PLACES)
    return list({each.key: each for each in (*material.coverages, *ordered, *facts, *notes)}.values())


def _document(resource: StoredResource) -> ChartDocument:
    document = resource.document
    assert document is not None  # noqa: S101 - the caller has asked
    return ChartDocument(
        document_id=resource.key.reference,
        version=document.version,
        source=resource.key.reference,
        title=document.title,
        kind=document.kind,
        authored_at=document.authored_at,
        text=document.text,
    )


def _fit(resources: list[StoredResource], room: int) -> set[ResourceKey]:
    """Return the keys of those that fit into `room` characters, small ones first."""
    kept = set()
    for resource in sorted(resources, key=lambda each: len(each.body)):
        room -= len(resource.body)
        if room >= 0:
            kept.add(resource.key)
    return kept


def _payers(coverage: StoredResource) -> list[ResourceKey]:
    references = (read_reference(payor.reference) for payor in read_as(CoverageSubset, coverage.body).payor)
    return [key for key in references if key and key.resource_type == "Organization"]
