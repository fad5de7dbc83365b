"""From a record's value to arrivals: unwrapped, validated, with the facts that the database needs. Pure.

Place in the flow: runs in a worker process (`examiner`), before the transaction. Invariant: a record arrives whole or
is refused whole; a refusal is a reason code and a place, never content.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from services.ingest.envelopes import unwrap
from services.ingest.versions import Version, read_version
from shared.contracts.errors import InvalidContent
from shared.contracts.topics import Topic
from shared.documents.reading import DOCUMENT_TYPES, DocumentText, read_document
from shared.fhir.elements import latest_moment_of
from shared.fhir.issues import errors_of
from shared.fhir.parse import JsonObject, Resource, parse_resource
from shared.fhir.references import ResourceKey, find_references, read_reference
from shared.fhir.subset import DiagnosticReportSubset, EncounterSubset, read_as
from shared.fhir.validation import UNKNOWN_TYPE, validate_resource

EMPTY_RECORD = "empty-record"
INVALID_RESOURCE = "invalid-resource"
UNEXPECTED_TYPE = "unexpected-type"
NO_ID = "no-id"
SUBSETTED = "subsetted"

_EXPECTED = {Topic.FHIR_ENCOUNTER: frozenset({"Encounter"}), Topic.FHIR_DIAGNOSTIC_REPORT: DOCUMENT_TYPES}
"""What a record of a topic must carry at least one of; `fhir.resource.v1` may carry anything that is kept."""
_NOT_KEPT_NAMES = """
Bundle Binary CapabilityStatement Claim ClaimResponse CodeSystem ConceptMap ExplanationOfBenefit ImplementationGuide
OperationDefinition SearchParameter StructureDefinition StructureMap Subscription ValueSet
"""
_NOT_KEPT = frozenset(_NOT_KEPT_NAMES.split())
_ENCOUNTER_LINKS = ("encounter", "context")
_PATIENT_LINKS = ("subject", "patient", "beneficiary", "individual")
_TIMES = (
    "effectiveDateTime",
    "performedDateTime",
    "occurrenceDateTime",
    "timingDateTime",
    "date",
    "issued",
    "recordedDate",
    "recordedOn",
    "authoredOn",
)
_PERIODS = ("effectivePeriod", "performedPeriod", "occurrencePeriod", "timingPeriod")
_URN = "urn:uuid:"


class Unfit(InvalidContent):
    """A resource that cannot be used; `reason` is the code to quarantine its record with."""

    def __init__(self, reason: str, message: str, *, expression: str | None = None) -> None:
        """`reason` is one of the constants of this module or a rule of `shared.fhir`."""
        super().__init__(message, expression=expression)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class EncounterFacts:
    """What decides a chart's readiness. `ended_at` is the last moment of the period, None while it is open."""

    encounter_class: str
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One version of one resource, as it arrived, and the facts by which it is found again."""

    key: ResourceKey
    version: Version
    body: str
    status: str
    patient_id: str | None
    encounter_id: str | None
    occurred_at: datetime | None
    refers_to: tuple[str, ...]
    document: DocumentText | None = None
    encounter: EncounterFacts | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record is quarantined: a stable code, and the FHIRPath where it shows."""

    reason: str
    expression: str | None = None


Examined = tuple[Arrival, ...] | Refusal


def examine(topic: str, value: bytes | None) -> Examined:
    """Read one record's value; an empty tuple is a heartbeat that carries nothing."""
    if not value:
        return Refusal(EMPTY_RECORD)
    try:
        resources = [parse_resource(text) for text in unwrap(value)]
        for resource in resources:
            _check_fitness(resource)
        _check_expected(topic, resources)
        siblings = {resource.resource_id: resource.resource_type for resource in resources}
        return tuple(_read_arrival(resource, siblings) for resource in resources)
    except Unfit as error:
        return Refusal(error.reason, error.expression)
    except InvalidContent as error:
        return Refusal(error.code, error.expression)
    except ValidationError:
        # What the library takes and our subsets cannot read, such as a time that no calendar has.
        return Refusal(INVALID_RESOURCE)


def _check_fitness(resource: Resource) -> None:
    tags = resource.meta.get("tag")
    if isinstance(tags, list) and any(isinstance(tag, dict) and tag.get("code") == "SUBSETTED" for tag in tags):
        raise Unfit(SUBSETTED, "the resource was cut down by its sender", expression="meta.tag")
    found = errors_of(validate_resource(resource))
    if found:
        reason = UNKNOWN_TYPE if found[0].rule == UNKNOWN_TYPE else INVALID_RESOURCE
        raise Unfit(reason, found[0].message, expression=found[0].expression)
    if resource.resource_type in _NOT_KEPT:
        raise Unfit(UNEXPECTED_TYPE, "no chart needs a resource of this type", expression="resourceType")
    if resource.resource_id is None:
        raise Unfit(NO_ID, "an event's resource has an id", expression=f"{resource.resource_type}.id")


def _check_expected(topic: str, resources: list[Resource]) -> None:
    expected = _EXPECTED.get(Topic(topic))
    if resources and expected and not any(resource.resource_type in expected for resource in resources):
        raise Unfit(UNEXPECTED_TYPE, "the topic is for other resource types", expression="resourceType")


def _read_arrival(resource: Resource, siblings: dict[str | None, str]) -> Arrival:
    content, resource_type = resource.content, resource.resource_type
    key = ResourceKey(resource_type, str(resource.resource_id))
    return Arrival(
        key=key,
        version=read_version(content),
        body=resource.body,
        status=_read_status(content),
        patient_id=key.resource_id if resource_type == "Patient" else _find_link(content, _PATIENT_LINKS, "Patient"),
        encounter_id=key.resource_id if resource_type == "Encounter" else _find_encounter(content),
        occurred_at=_find_time(resource),
        refers_to=tuple(dict.fromkeys(_resolve_references(content, siblings))),
        document=read_document(resource_type, resource.body),
        encounter=_read_encounter(resource) if resource_type == "Encounter" else None,
    )


def _read_status(content: JsonObject) -> str:
    """`status`; of a current DocumentReference the status of what it refers to, where that is told."""
    status = str(content.get("status", ""))
    return str(content.get("docStatus", status)) if status == "current" else status


def _read_encounter(resource: Resource) -> EncounterFacts:
    encounter = read_as(EncounterSubset, resource.body)
    return EncounterFacts(encounter.class_.code, encounter.period.start, encounter.period.end)


def _find_encounter(content: JsonObject) -> str | None:
    """`encounter` or `context`, or inside a DocumentReference `context.encounter`, of which the first counts."""
    context = content.get("context")
    if isinstance(context, dict) and isinstance(context.get("encounter"), list):
        content = {"encounter": context["encounter"][0]}
    return _find_link(content, _ENCOUNTER_LINKS, "Encounter")


def _find_link(content: JsonObject, names: tuple[str, ...], resource_type: str) -> str | None:
    for name in names:
        link = content.get(name)
        reference = link.get("reference") if isinstance(link, dict) else None
        if not isinstance(reference, str):
            continue
        if reference.startswith(_URN):
            return reference.removeprefix(_URN)
        key = read_reference(reference)
        if key and key.resource_type == resource_type:
            return key.resource_id
    return None


def _find_time(resource: Resource) -> datetime | None:
    """Return when what the resource tells of was so: the first of its times that is there."""
    if resource.resource_type == "DiagnosticReport":
        return read_as(DiagnosticReportSubset, resource.body).effective_at
    periods = (resource.content.get(name) for name in _PERIODS)
    starts = (period.get("start") for period in periods if isinstance(period, dict))
    found = next((time for time in (*map(resource.content.get, _TIMES), *starts) if isinstance(time, str)), None)
    return latest_moment_of(found) if found else None


def _resolve_references(content: JsonObject, siblings: dict[str | None, str]) -> Iterator[str]:
    """Yield relative references; a `urn:uuid:` names a resource of the same Bundle."""
    for reference in find_references(content):
        if reference.startswith(_URN):
            resource_id = reference.removeprefix(_URN)
            if resource_id in siblings:
                yield f"{siblings[resource_id]}/{resource_id}"
        elif key := read_reference(reference):
            yield key.reference
