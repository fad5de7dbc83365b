"""References between resources. Source: FHIR R4, section 2.3 (References) and 2.20 (Resource ids)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

ID_PATTERN = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
_LITERAL = re.compile(r"(?:https?://\S+/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?\Z")


class ResourceKey(NamedTuple):
    """Type and id of a resource, whatever server it is on."""

    resource_type: str
    resource_id: str

    @property
    def reference(self) -> str:
        """The relative reference, such as `Patient/123`."""
        return f"{self.resource_type}/{self.resource_id}"


def read_reference(reference: str) -> ResourceKey | None:
    """Read a relative or absolute literal reference, versioned or not; None for `#contained`, `urn:` and the rest."""
    found = _LITERAL.match(reference)
    return ResourceKey(found[1], found[2]) if found else None


def find_references(value: object) -> Iterator[str]:
    """Yield the text of every literal reference inside decoded JSON, in order of appearance."""
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str):
            yield reference
        for child in value.values():
            if isinstance(child, dict | list):
                yield from find_references(child)
    elif isinstance(value, list):
        for child in value:
            yield from find_references(child)
