"""What a Bundle for a payer must be, beyond what the R4 schema says.

Place in the flow: claims checks what it built, and a payer what it received; pure. The rules are those of the Da Vinci
PAS implementation guide (2.2, request Bundle) and of R4 Bundles (https://hl7.org/fhir/R4/bundle.html#references).
Invariant: a Bundle without issues can be read without any other server: every literal reference resolves inside it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.fhir.issues import Issue

JsonObject = Mapping[str, object]

_RESTFUL = re.compile(r"^(https?://[^\s?#]+/)([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})$")
_URN = re.compile(r"^urn:(uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|oid:[0-2](\.(0|[1-9]\d*))+)$")
_ABSOLUTE = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")
_HISTORY = re.compile(r"/_history/[A-Za-z0-9.-]{1,64}$")


@dataclass(frozen=True, slots=True)
class LiteralReference:
    """The text of a Reference's `reference`, and its FHIRPath inside its resource."""

    expression: str
    target: str


def walk_references(element: object, path: str) -> Iterator[LiteralReference]:
    """Yield every literal reference below `element`, which is JSON as Python's `json` reads it."""
    if isinstance(element, Mapping):
        target = element.get("reference")
        if isinstance(target, str):
            yield LiteralReference(f"{path}.reference", target)
        for name, child in element.items():
            yield from walk_references(child, f"{path}.{name}")
    elif isinstance(element, list):
        for position, child in enumerate(element):
            yield from walk_references(child, f"{path}[{position}]")


def resolve_target(target: str, full_url: str) -> str:
    """Return the fullUrl that `target`, written in the entry with `full_url`, points to (without a version).

    A relative reference is relative to the base of a RESTful fullUrl; one in a `urn:` entry stays as it is, so that it
    matches nothing.
    """
    versionless = _HISTORY.sub("", target)
    if _ABSOLUTE.match(versionless):
        return versionless
    restful = _RESTFUL.match(full_url)
    return restful[1] + versionless if restful else versionless


def check_bundle(bundle: object) -> list[Issue]:
    """Return every rule that `bundle`, as Python's `json` reads it, breaks; an empty list when it can be sent."""
    if not isinstance(bundle, Mapping) or bundle.get("resourceType") != "Bundle":
        return [Issue("bundle-resource", "structure", "Bundle", "the content is not a Bundle")]
    entries = _entries(bundle)
    return [
        *_check_head(bundle, entries),
        *(issue for position, entry in enumerate(entries) for issue in _check_entry(position, entry)),
        *_check_instances(entries),
        *_check_references(entries),
    ]


def _entries(bundle: JsonObject) -> list[JsonObject]:
    entries = bundle.get("entry")
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []


def _resource(entry: JsonObject) -> JsonObject:
    resource = entry.get("resource")
    return resource if isinstance(resource, Mapping) else {}


def _check_head(bundle: JsonObject, entries: Sequence[JsonObject]) -> Iterator[Issue]:
    identifier = bundle.get("identifier")
    if bundle.get("type") != "collection":
        yield Issue("bundle-type", "value", "Bundle.type", "a Bundle to a payer is of type collection")
    if not isinstance(identifier, Mapping) or not identifier.get("system") or not identifier.get("value"):
        yield Issue("bundle-identifier", "required", "Bundle.identifier", "the identifier needs a system and a value")
    if not isinstance(bundle.get("timestamp"), str):
        yield Issue("bundle-timestamp", "required", "Bundle.timestamp", "a Bundle says when it was made")
    if not entries or _resource(entries[0]).get("resourceType") != "Claim":
        yield Issue("claim-first", "structure", "Bundle.entry[0].resource", "the first entry is the Claim")
    claims = [entry for entry in entries if _resource(entry).get("resourceType") == "Claim"]
    if len(claims) > 1:
        yield Issue("one-claim", "structure", "Bundle.entry", "a Bundle carries one Claim")


def _check_entry(position: int, entry: JsonObject) -> Iterator[Issue]:
    path = f"Bundle.entry[{position}]"
    resource = _resource(entry)
    full_url = entry.get("fullUrl")
    if not resource:
        yield Issue("entry-resource", "required", f"{path}.resource", "every entry carries a resource")
    for forbidden in ("request", "response", "search"):
        if forbidden in entry:
            yield Issue("entry-request", "structure", f"{path}.{forbidden}", "a collection does not have it")
    if not isinstance(full_url, str):
        yield Issue("full-url", "required", f"{path}.fullUrl", "every entry has a fullUrl")
        return
    restful = _RESTFUL.match(full_url)
    if not restful and not _URN.match(full_url):
        yield Issue("full-url", "required", f"{path}.fullUrl", "a fullUrl is a urn:uuid, a urn:oid or a RESTful URL")
    if restful and (restful[2], restful[3]) != (resource.get("resourceType"), resource.get("id")):
        yield Issue("full-url-id", "value", f"{path}.fullUrl", "a RESTful fullUrl ends with the resource's type and id")


def _check_instances(entries: Sequence[JsonObject]) -> Iterator[Issue]:
    seen: set[object] = set()
    for position, entry in enumerate(entries):
        resource = _resource(entry)
        names: set[object] = {entry.get("fullUrl")} - {None}
        if resource.get("id"):
            names.add((resource.get("resourceType"), resource["id"]))
        if names & seen:
            yield Issue("instance-once", "duplicate", f"Bundle.entry[{position}]", "an instance appears once")
        seen |= names


def _check_references(entries: Sequence[JsonObject]) -> Iterator[Issue]:
    full_urls = {entry.get("fullUrl") for entry in entries}
    for position, entry in enumerate(entries):
        resource = _resource(entry)
        contained = _contained_ids(resource)
        for reference in walk_references(resource, f"Bundle.entry[{position}].resource"):
            if reference.target.startswith("#"):
                resolved = reference.target[1:] in contained or reference.target == "#"
            else:
                resolved = resolve_target(reference.target, str(entry.get("fullUrl"))) in full_urls
            if not resolved:
                yield Issue("reference-resolves", "not-found", reference.expression, "it points outside the Bundle")


def _contained_ids(resource: JsonObject) -> set[object]:
    contained = resource.get("contained")
    children = contained if isinstance(contained, list) else []
    return {child.get("id") for child in children if isinstance(child, Mapping)}
