"""From bytes to a resource whose text stays as it was sent.

Invariant: `Resource.body` is the sender's text to the character; `content` is only for reading. Nothing that is not
strict UTF-8 and strict JSON (no byte order mark, NaN or lone surrogate) gets through.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from shared.contracts.errors import InvalidContent
from shared.contracts.topics import MAX_RECORD_BYTES

JsonObject = dict[str, Any]
"""A decoded JSON object: what its values are is what validation finds out."""


class NotUtf8(InvalidContent):
    """Bytes that are not UTF-8."""

    code = "not-utf8"


class NotJson(InvalidContent):
    """Text that is not strict JSON, or is nested beyond any sense."""

    code = "not-json"


class NotAnObject(InvalidContent):
    """JSON, but not an object."""

    code = "not-an-object"


class NotAResource(InvalidContent):
    """An object without a resourceType."""

    code = "no-resource-type"


class TooLarge(InvalidContent):
    """More bytes than any record may have."""

    code = "too-large"
    http_status = 413
    issue_type = "too-long"


@dataclass(frozen=True)
class Resource:
    """A resource: its text, and the text decoded."""

    body: str
    content: JsonObject

    @property
    def resource_type(self) -> str:
        """The resourceType, always a non-empty string."""
        return str(self.content["resourceType"])

    @cached_property
    def resource_id(self) -> str | None:
        """The id, or None where there is none."""
        found = self.content.get("id")
        return found if isinstance(found, str) and found else None

    @cached_property
    def meta(self) -> JsonObject:
        """`meta`, empty where there is none."""
        found = self.content.get("meta")
        return found if isinstance(found, dict) else {}


def parse_resource(value: bytes | str) -> Resource:
    """Read one resource; raises the errors of this module."""
    text = decode_text(value) if isinstance(value, bytes) else value
    content = parse_object(text)
    resource_type = content.get("resourceType")
    if not isinstance(resource_type, str) or not resource_type:
        raise NotAResource("the object has no resourceType; a FHIR resource names its type", expression="resourceType")
    return Resource(text, content)


def decode_text(value: bytes) -> str:
    """Decode strict UTF-8."""
    if len(value) > MAX_RECORD_BYTES:
        raise TooLarge(f"a record may have {MAX_RECORD_BYTES} bytes")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotUtf8(f"byte {error.start} is not UTF-8") from None


def parse_object(text: str) -> JsonObject:
    """Decode a JSON object."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotJson(f"not JSON at character {error.pos}") from None
    except UnicodeEncodeError:
        raise NotUtf8("the text has a lone surrogate") from None
    if not isinstance(found, dict):
        raise NotAnObject("the text is JSON, but not an object")
    return found
