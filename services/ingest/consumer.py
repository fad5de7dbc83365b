"""Consumes the FHIR topics; thin: the loop polls and commits, `service` settles each batch in one transaction."""

from services.ingest.service import IngestService
from shared.contracts.topics import FHIR_TOPICS
from shared.kafka.consumer import ConsumerLoop
from shared.kafka.settings import KafkaSettings

GROUP = "ingest"


def make_consumer(settings: KafkaSettings, service: IngestService) -> ConsumerLoop:
    """Make the loop that feeds the service."""
    return ConsumerLoop(settings, group=GROUP, topics=FHIR_TOPICS, handle=service.take_in, reject=service.reject)
