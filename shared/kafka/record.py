"""A consumed record, free of the client library's types."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """One record at its position. `value` is None for a tombstone; `timestamp_ms` is Kafka's, since the epoch."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp_ms: int = 0

    @property
    def position(self) -> tuple[str, int, int]:
        """Where the record stands: topic, partition, offset."""
        return self.topic, self.partition, self.offset
