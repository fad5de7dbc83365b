"""The envelope of our own messages: a CloudEvents 1.0 event in structured mode, as JSON.

Invariant: `id` is unique per event and stays the same when the outbox sends it again, so that consumers recognise it.
Source: CloudEvents 1.0, JSON event format.
"""

from datetime import UTC, datetime
from typing import Generic, Literal, TypeVar
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared.contracts.errors import InvalidContent

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


class Message(BaseModel):
    """Base of everything inside an envelope: immutable, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


DataT = TypeVar("DataT", bound=Message)


class Envelope(Message, Generic[DataT]):
    """One event. `type` is the topic's name, `source` the service, `subject` the key of the record."""

    specversion: Literal["1.0"] = "1.0"
    id: UUID = Field(default_factory=uuid4)
    source: str
    type: str
    subject: str
    time: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    datacontenttype: Literal["application/json"] = "application/json"
    data: DataT

    def encode(self) -> bytes:
        """Return the event as UTF-8 JSON, the value of its Kafka record."""
        return self.model_dump_json().encode()

    @classmethod
    def decode(cls, value: bytes | None) -> "Envelope[DataT]":
        """Read a record's value; raises InvalidContent that names the first wrong field, never its value."""
        if value is None:
            raise InvalidContent("the record has no value; an event is a JSON object")
        try:
            return cls.model_validate_json(value)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "the record"
            raise InvalidContent(f"{first['type']} at {place}", expression=place) from None
