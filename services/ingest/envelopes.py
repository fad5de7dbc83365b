"""What integration engines wrap around a resource, taken off without touching the resource's text.

Place in the flow: the first step on a record's value, in a worker process (`intake`). The forms are those of HAPI FHIR,
LinuxForHealth (IBM) FHIR, Google Cloud Healthcare, subscriptions (R4B, R5, Aidbox) and plain FHIR; each is recognised
by the names of its members.

Invariant: every resource comes out as the text that its sender wrote, to the character; what announces a change without
carrying the resource raises an error whose code says so.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from shared.contracts.errors import InvalidContent
from shared.fhir.parse import JsonObject, decode_text, parse_object
from shared.fhir.slices import Span, elements, members

_MOST_LAYERS = 4
_LINUX_FOR_HEALTH = frozenset({"resource", "tenantId", "location"})
"""Members that tell its notifications from those of HAPI."""
_CARRIERS = frozenset({"MessageHeader", "SubscriptionStatus", "Parameters", "OperationOutcome"})
"""Resources that only carry a message: they say nothing about a patient, and are dropped."""
_BUNDLE_TYPES = frozenset(
    {"transaction", "batch", "collection", "message", "history", "document", "searchset", "subscription-notification"}
)


class UnknownEnvelope(InvalidContent):
    """An object that is neither a resource nor a known envelope."""

    code = "unknown-envelope"


class UnexpectedBundle(InvalidContent):
    """A Bundle of a type that carries no events, or one inside another."""

    code = "unexpected-bundle"


class DeletedAtSource(InvalidContent):
    """The sender says that a resource was deleted; what relied on it is for a human to judge."""

    code = "deleted-at-source"


class IdOnly(InvalidContent):
    """The sender names the resource without carrying it; it has to be read from the server."""

    code = "id-only"


def unwrap(value: bytes) -> list[str]:
    """Return the texts of the resources in a record's value, oldest version first; none in a heartbeat.

    Raises an InvalidContent whose `code` is the reason to quarantine the record.
    """
    return _unwrap_text(decode_text(value), layers=0)


def _unwrap_text(text: str, layers: int) -> list[str]:
    if layers > _MOST_LAYERS:
        raise UnknownEnvelope(f"more than {_MOST_LAYERS} envelopes around one another")
    content = parse_object(text)
    for recognise, open_envelope in _FORMS:
        if recognise(content):
            return open_envelope(text, content, layers)
    raise UnknownEnvelope("neither a resource nor an envelope that is known; see docs/architecture.md")


def _open_resource(text: str, content: JsonObject, _layers: int) -> list[str]:
    return [] if content["resourceType"] in _CARRIERS else [text]


def _open_bundle(text: str, content: JsonObject, _layers: int) -> list[str]:
    bundle_type = str(content.get("type"))
    if bundle_type not in _BUNDLE_TYPES:
        raise UnexpectedBundle("a Bundle of this type carries no events", expression="Bundle.type")
    entries = content.get("entry") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UnexpectedBundle("entry is a list of objects", expression="Bundle.entry")
    kept = [_open_entry(text, entry, span) for entry, span in zip(entries, _entry_spans(text, entries), strict=True)]
    texts = [resource for resource in kept if resource is not None]
    # A history lists the newest version first; the others are in order.
    return texts[::-1] if bundle_type == "history" else texts


def _entry_spans(text: str, entries: list[JsonObject]) -> list[Span]:
    return list(elements(text, members(text)["entry"].start)) if entries else []


def _open_entry(text: str, entry: JsonObject, span: Span) -> str | None:
    resource = entry.get("resource")
    if resource is None:
        method = entry.get("request", {}).get("method") if isinstance(entry.get("request"), dict) else None
        raise (_deleted() if method == "DELETE" else _id_only("Bundle.entry.resource"))
    if not isinstance(resource, dict) or resource.get("resourceType") == "Bundle":
        raise UnexpectedBundle("an entry holds one resource that is no Bundle", expression="Bundle.entry.resource")
    if str(resource.get("resourceType")) in _CARRIERS:
        return None
    return _cut(text, members(text, span.start)["resource"])


def _open_linux_for_health(text: str, content: JsonObject, layers: int) -> list[str]:
    """`{"lastUpdated","location","operationType","resourceId","tenantId",...,"resource":{...}}`."""
    _refuse_delete(content["operationType"])
    if not isinstance(content.get("resource"), dict):
        raise _id_only("resource")
    return _unwrap_text(_cut(text, members(text)["resource"]), layers + 1)


def _open_hapi(_text: str, content: JsonObject, layers: int) -> list[str]:
    """`{"resourceId","operationType","payload":"<JSON in a string>",...}`: encoded twice."""
    _refuse_delete(content["operationType"])
    payload = content.get("payload")
    if not isinstance(payload, str) or not payload.strip():
        raise _id_only("payload")
    return _unwrap_text(payload, layers + 1)


def _open_headers_and_payload(text: str, content: JsonObject, layers: int) -> list[str]:
    """`{"headers":{...},"payload":{...} or "<JSON in a string>"}`: HAPI's broker message, with the above inside."""
    payload = content["payload"]
    if isinstance(payload, str):
        return _unwrap_text(payload, layers + 1)
    if isinstance(payload, dict):
        return _unwrap_text(_cut(text, members(text)["payload"]), layers + 1)
    raise _id_only("payload")


def _open_google(_text: str, content: JsonObject, layers: int) -> list[str]:
    """`{"message":{"attributes":{"action",...},"data":"<base64>"}}`; the data may be only the resource's name."""
    message = content["message"]
    attributes = message.get("attributes")
    action = attributes.get("action", "") if isinstance(attributes, dict) else ""
    _refuse_delete(action.removesuffix("Resource") if isinstance(action, str) else "")
    try:
        data = base64.b64decode(message["data"], validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise UnknownEnvelope("message.data is not base64", expression="message.data") from None
    text = decode_text(data)
    if not text.lstrip().startswith("{"):
        raise _id_only("message.data")
    return _unwrap_text(text, layers + 1)


def _refuse_delete(operation: object) -> None:
    if str(operation).lower() == "delete":
        raise _deleted()


def _deleted() -> DeletedAtSource:
    return DeletedAtSource("the sender deleted the resource; decide what its chart still relies on")


def _id_only(expression: str) -> IdOnly:
    return IdOnly("the resource is named, not carried; make the engine send full resources", expression=expression)


def _cut(text: str, span: Span) -> str:
    return text[span.start : span.end]


def _is_resource(content: Mapping[str, Any]) -> bool:
    return isinstance(content.get("resourceType"), str)


_Form = tuple[Callable[[JsonObject], bool], Callable[[str, JsonObject, int], list[str]]]
_FORMS: tuple[_Form, ...] = (
    (lambda content: content.get("resourceType") == "Bundle", _open_bundle),
    (_is_resource, _open_resource),
    (lambda content: "operationType" in content and "payload" in content, _open_hapi),
    (lambda content: "operationType" in content and not _LINUX_FOR_HEALTH.isdisjoint(content), _open_linux_for_health),
    (lambda content: "operationType" in content and "resourceId" in content, _open_hapi),
    (lambda content: {"headers", "payload"} <= content.keys(), _open_headers_and_payload),
    (lambda content: isinstance(content.get("message"), dict) and "data" in content["message"], _open_google),
)
