"""The Kafka topics, in one place: names, partitions and the largest record each must carry.

The names are the contract with integration engines and payers; a change of shape is a new topic with the next version.
"""

from dataclasses import dataclass
from enum import StrEnum

MAX_RECORD_BYTES = 16 * 1024 * 1024
"""Largest record that any topic accepts; a chart with its reports inside must fit."""


class Topic(StrEnum):
    """Every topic that Chartline reads or writes."""

    FHIR_ENCOUNTER = "fhir.encounter.v1"
    FHIR_DIAGNOSTIC_REPORT = "fhir.diagnostic-report.v1"
    FHIR_RESOURCE = "fhir.resource.v1"
    CHART_READY = "chart.ready.v1"
    CLAIM_DRAFT = "claim.draft.v1"
    CHART_CODED = "chart.coded.v1"
    CHART_WITHDRAWN = "chart.withdrawn.v1"
    CLAIM_RETURNED = "claim.returned.v1"
    CLAIM_BUNDLE = "claim.bundle.v1"
    CLAIM_RESPONSE = "claim.response.v1"
    QUERY_REQUEST = "query.request.v1"
    QUERY_RESPONSE = "query.response.v1"
    DEAD_LETTER = "dead-letter.v1"


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic is created where none exists."""

    name: Topic
    partitions: int = 4
    max_message_bytes: int = MAX_RECORD_BYTES


TOPICS: tuple[TopicSpec, ...] = tuple(TopicSpec(topic) for topic in Topic)

FHIR_TOPICS: tuple[Topic, ...] = (Topic.FHIR_ENCOUNTER, Topic.FHIR_DIAGNOSTIC_REPORT, Topic.FHIR_RESOURCE)
"""What integration engines write and ingest reads."""
