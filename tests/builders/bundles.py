"""Bundles of every type."""

from typing import Any

from tests.builders.text import Resource, assemble


def entry(resource: Resource | None, *, full_url: str | None = None, method: str | None = None) -> Resource:
    """Build one entry; `method` adds the request of a transaction, batch or history entry."""
    parts: Resource = {}
    if full_url:
        parts["fullUrl"] = full_url
    if resource is not None:
        parts["resource"] = resource
    if method:
        target = f"{resource['resourceType']}/{resource['id']}" if resource else "Patient/gone"
        parts["request"] = {"method": method, "url": target}
    return parts


def bundle(*resources: Resource, bundle_type: str = "collection", bundle_id: str = "bundle-1", **more: Any) -> Resource:
    """Build a Bundle; transaction, batch and history entries get a PUT request."""
    method = "PUT" if bundle_type in ("transaction", "batch", "history") else None
    base = "urn:chartline-test:"
    entries = [
        entry(each, full_url=f"{base}{each['resourceType']}/{each['id']}" if "id" in each else None, method=method)
        for each in resources
    ]
    return assemble("Bundle", bundle_id, {"type": bundle_type, "entry": entries or None}, more)
