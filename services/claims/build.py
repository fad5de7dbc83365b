"""The payer's Bundle: a Claim, its Provenance and what they rest on, as text; pure.

Place in the flow: `service.preparation` builds each claim once; what is stored is what is sent, every time.
Shape: Da Vinci PAS implementation guide 2.2, request Bundle, with `use` claim; `shared.fhir.bundle_rules` checks it.

Invariants: the Bundle carries what the Claim and its Provenance reach by references, each instance once, and nothing
else (minimum necessary). The bodies are the bytes that the hospital sent, but for two things: empty members, which FHIR
forbids and some senders write, are left out; and a reference to a resource that does not travel along gives way to the
data-absent-reason `masked`, R4's way to withhold a primitive value.
The Claim's own references are never withheld: one that does not resolve is an error, which the edits find.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.claims.raw_json import drop_empty_members, find_elements, find_members, replace_references, set_member
from shared.contracts.messages import ChartCoded, ResourceVersion
from shared.fhir import systems
from shared.fhir.bundle_rules import resolve_target, walk_references
from shared.fhir.references import read_reference

WITHHELD_REFERENCE = (
    '"_reference":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason",'
    '"valueCode":"masked"}]}'
)


_PRIOR = "prior"


@dataclass(frozen=True, slots=True)
class BundleFrame:
    """What the Bundle says about itself. `base_url` is the hospital's FHIR base, which makes relative references whole.

    `replaces` is the identifier of the earlier claim that this one replaces at the payer, `replaces_number` the payer's
    own number of it, once the payer has told one.
    """

    claim_id: UUID
    built_at: datetime
    base_url: str
    replaces: UUID | None = None
    replaces_number: str | None = None


def identifier_json(claim_id: UUID) -> str:
    """Return the FHIR Identifier of a claim as JSON: of its Bundle, its Claim, and its answers."""
    return _compact({"system": systems.CLAIM_IDENTIFIER, "value": str(claim_id)})


def build_bundle(coded: ChartCoded, frame: BundleFrame) -> bytes:
    """Return the Bundle as UTF-8 JSON; raises ValueError when a body is not a JSON object."""
    claim = _complete_claim(coded.claim, frame)
    offered = [*coded.supporting, *_name_deciders(coded)]
    parts = [claim, coded.provenance, *_reach([claim, coded.provenance], offered, frame.base_url)]
    full_urls = {_full_url(part, frame.base_url) for part in parts}
    entries = [_entry(claim.body, _full_url(claim, frame.base_url))]
    for part in parts[1:]:
        url = _full_url(part, frame.base_url)
        entries.append(_entry(drop_empty_members(_withhold_absent(part.body, url, full_urls)), url))
    return _frame_entries(entries, frame)


def build_void(original: bytes, frame: BundleFrame) -> bytes:
    """Return the Bundle that takes `original` back: the same, cancelled, under its own identifier; without a seal.

    `frame.replaces` names the original to its payer. Raises ValueError when `original` is no Bundle of ours.
    """
    text = original.decode()
    entries = [text[slice(*span)] for span in find_elements(text, find_members(text)["entry"])]
    claim = entries[0][slice(*find_members(entries[0])["resource"])]
    claim = _keep_elements(claim, "identifier", lambda each: each.get("system") != systems.CLAIM_IDENTIFIER)
    claim = _keep_elements(claim, "related", lambda each: not _is_prior(each))
    claim = set_member(claim, "status", '"cancelled"')
    voided = _complete_claim(ResourceVersion.of("Claim", str(frame.claim_id), claim), frame)
    entries[0] = set_member(entries[0], "resource", voided.body)
    return _frame_entries(entries, frame)


def _frame_entries(entries: Sequence[str], frame: BundleFrame) -> bytes:
    head = _compact({"resourceType": "Bundle", "id": str(frame.claim_id)})[:-1]
    stamp = _compact(frame.built_at.isoformat(timespec="milliseconds"))
    tail = f'"type":"collection","timestamp":{stamp},"entry":[{",".join(entries)}]'
    return f'{head},"identifier":{identifier_json(frame.claim_id)},{tail}}}'.encode()


def _keep_elements(body: str, name: str, keep: Callable[[Mapping[str, Any]], bool]) -> str:
    """Leave out elements of the array `name` of a resource; the others stay to the byte."""
    span = find_members(body).get(name)
    texts = [body[slice(*each)] for each in find_elements(body, span)] if span else []
    kept = [text for text in texts if keep(json.loads(text))]
    return body if len(kept) == len(texts) else set_member(body, name, f"[{','.join(kept)}]")


def _is_prior(related: Mapping[str, Any]) -> bool:
    codings = (related.get("relationship") or {}).get("coding") or ()
    return any((each.get("system"), each.get("code")) == (systems.RELATED_CLAIM, _PRIOR) for each in codings)


def _complete_claim(claim: ResourceVersion, frame: BundleFrame) -> ResourceVersion:
    """Put our identifier first, and name the claim that this one replaces."""
    body = _prepend(claim.body, "identifier", identifier_json(frame.claim_id))
    if frame.replaces is not None:
        relationship = {"coding": [{"system": systems.RELATED_CLAIM, "code": _PRIOR}]}
        original = f'{{"identifier":{identifier_json(frame.replaces)}}}'
        number = {"system": systems.PAYER_CLAIM_NUMBER, "value": frame.replaces_number or ""}
        reference = f',"reference":{_compact(number)}' if frame.replaces_number else ""
        body = _prepend(body, "related", f'{{"claim":{original},"relationship":{_compact(relationship)}{reference}}}')
    return ResourceVersion.of(claim.resource_type, claim.resource_id, body, claim.version)


def _prepend(body: str, name: str, element: str) -> str:
    """Make `element` the first of the array `name` of a resource."""
    span = find_members(body).get(name)
    rest = body[span.start + 1 : span.end - 1].strip() if span else ""
    return set_member(body, name, f"[{element},{rest}]" if rest else f"[{element}]")


def _name_deciders(coded: ChartCoded) -> list[ResourceVersion]:
    """Give the coders, who are no resources of the hospital, an entry: a Practitioner with nothing but its id."""
    known = {resource.reference for resource in coded.supporting}
    references = walk_references(json.loads(coded.provenance.body).get("agent"), "Provenance.agent")
    names = dict.fromkeys(reference.target for reference in references if reference.target not in known)
    keys = (read_reference(name) for name in names if not name.startswith("#"))
    return [
        ResourceVersion.of(key.resource_type, key.resource_id, _compact({"resourceType": "Practitioner", "id": key[1]}))
        for key in keys
        if key and key.resource_type == "Practitioner"
    ]


def _reach(
    roots: Sequence[ResourceVersion], supporting: Iterable[ResourceVersion], base_url: str
) -> list[ResourceVersion]:
    """Return the supporting resources that the roots refer to, directly or through others, in order of discovery."""
    offered = {_full_url(resource, base_url): resource for resource in supporting if resource not in roots}
    reached: dict[str, ResourceVersion] = {}
    frontier = list(roots)
    while frontier:
        resource = frontier.pop(0)
        for target in _targets(resource, base_url):
            if target in offered and target not in reached:
                reached[target] = offered[target]
                frontier.append(offered[target])
    return list(reached.values())


def _targets(resource: ResourceVersion, base_url: str) -> list[str]:
    url = _full_url(resource, base_url)
    references = walk_references(json.loads(resource.body), resource.resource_type)
    return [resolve_target(reference.target, url) for reference in references]


def _withhold_absent(body: str, url: str, full_urls: set[str]) -> str:
    def _choose(target: str) -> str | None:
        inside = target.startswith("#") or resolve_target(target, url) in full_urls
        return None if inside else WITHHELD_REFERENCE

    return replace_references(body, _choose)


def _full_url(resource: ResourceVersion, base_url: str) -> str:
    return f"{base_url.rstrip('/')}/{resource.reference}"


def _entry(body: str, full_url: str) -> str:
    return f'{{"fullUrl":{json.dumps(full_url)},"resource":{body}}}'


def _compact(value: Mapping[str, object] | str) -> str:
    return json.dumps(value, separators=(",", ":"))
