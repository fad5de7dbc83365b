"""From a built resource to the text and the versions that travel."""

import json
from typing import Any

from shared.contracts.messages import ResourceVersion

Resource = dict[str, Any]
"""A FHIR resource as decoded JSON; its elements differ by type."""


def as_text(resource: Resource) -> str:
    """Print the resource as a hospital might: readable separators, non-ASCII as it is."""
    return json.dumps(resource, ensure_ascii=False)


def as_bytes(resource: Resource) -> bytes:
    """Print the resource as the value of a Kafka record."""
    return as_text(resource).encode()


def version_of(resource: Resource) -> ResourceVersion:
    """Wrap the resource as our own messages carry it."""
    version = resource.get("meta", {}).get("versionId")
    return ResourceVersion.of(resource["resourceType"], resource["id"], as_text(resource), version)


def assemble(resource_type: str, resource_id: str, elements: Resource, more: Resource) -> Resource:
    """Put a resource together: `more` replaces `elements`, None removes one, `version` becomes meta.versionId."""
    version = more.pop("version", None)
    meta = {"meta": {"versionId": str(version)}} if version is not None else {}
    merged = {"resourceType": resource_type, "id": resource_id, **meta, **elements, **more}
    return {name: value for name, value in merged.items() if value is not None}
