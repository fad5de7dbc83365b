"""The final Claim, its Provenance, and the resources that a payer needs to read them.

Place in the flow: built when a coder completes a chart, published as `chart.coded.v1`; pure. Invariants: only decided
codes are on the Claim, each with its proof; every reference of the Claim names a supporting resource or the coder who
decided, and each resource travels once.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from services.coder.chart_facts import ChartFacts, ChartResources
from services.coder.citations import Citations
from services.coder.claim_frame import Element, Entry, build_claim, identify_claim
from services.coder.coding import Coding
from services.coder.coding_proofs import prove_codings
from services.coder.engine.model import EngineVersion
from services.coder.grouping.claim_info import build_stay_info
from services.coder.grouping.grouper import Group
from services.coder.line_numbers import EarlierLines
from shared.contracts.messages import ChartCoded, ChartReady, ResourceVersion
from shared.fhir import systems
from shared.fhir.references import find_references
from shared.proof.keys import SigningKey

FOLLOWED_TYPES = frozenset({"Patient", "Coverage", "Organization", "Practitioner", "PractitionerRole"})
"""References to these are followed from one supporting resource to the next; clinical detail stays in the hospital."""


@dataclass(frozen=True, slots=True)
class CompletedChart:
    """Everything that a final Claim is made of."""

    chart: ChartReady
    facts: ChartFacts
    codings: Sequence[Coding]
    engine: EngineVersion
    coding_version: int
    completed_by: str
    """The Practitioner who completes the chart, or the automation's Device, as a relative reference; '' of a draft."""
    completed_at: datetime
    group: Group | None = None
    """The stay's MS-DRG; None of what is no inpatient stay."""
    status: Literal["draft", "active"] = "active"
    earlier_lines: EarlierLines = ()


def build_coded(completed: CompletedChart, key: SigningKey | None) -> ChartCoded:
    """Build the Claim, the Provenance and the choice of supporting resources; with `key` every code is signed."""
    chart = completed.chart
    claim = build_claim(
        chart,
        completed.facts,
        [Entry(coding.chosen, line=coding.line) for coding in completed.codings],
        claim_id=identify_claim(chart.chart_id, f"coding-{completed.coding_version}"),
        status=completed.status,
        created=completed.completed_at,
        supporting_info=build_stay_info(chart, completed.facts, completed.group),
        earlier_lines=completed.earlier_lines,
    )
    claim = prove_codings(claim, completed.codings, Citations(chart.documents), completed.engine, key)
    cited = _list_cited(completed)
    provenance = _build_provenance(completed, claim["id"], cited)
    return ChartCoded(
        chart_id=chart.chart_id,
        chart_version=chart.chart_version,
        coding_version=completed.coding_version,
        service_date=chart.service_date,
        claim=_wrap(claim, completed.coding_version),
        provenance=_wrap(provenance, completed.coding_version),
        supporting=(*_select_supporting(chart, claim, cited), *_describe_devices(completed)),
    )


def _wrap(resource: Element, version: int) -> ResourceVersion:
    return ResourceVersion.of(resource["resourceType"], resource["id"], json.dumps(resource), str(version))


def _list_cited(completed: CompletedChart) -> list[str]:
    """The sources of the documents whose words justify a code on the claim, each once."""
    sources = {document.document_id: document.source for document in completed.chart.documents}
    suggestions = (coding.suggestion.content for coding in completed.codings if coding.suggestion)
    spans = (evidence for suggestion in suggestions for evidence in suggestion.evidence)
    return list(dict.fromkeys(sources[span.document_id] for span in spans))


def _build_provenance(completed: CompletedChart, claim_id: str, cited: Sequence[str]) -> Element:
    """Who decided, with which engine, from which documents. Source: FHIR R4 Provenance, provenance-participant-type."""
    authors = [_agent("author", {"reference": decider}) for decider in _list_deciders(completed)]
    provenance: Element = {
        "resourceType": "Provenance",
        "id": str(uuid5(UUID(claim_id), "provenance")),
        "contained": [_build_device(completed.engine)],
        "target": [{"reference": f"Claim/{claim_id}"}],
        "recorded": completed.completed_at.isoformat(timespec="milliseconds"),
        "activity": {"coding": [{"system": systems.DATA_OPERATION, "code": "CREATE"}]},
        "agent": [*authors, _agent("assembler", {"reference": "#engine"})],
        "entity": [{"role": "source", "what": {"reference": source}} for source in cited],
    }
    return {name: value for name, value in provenance.items() if value}


def _agent(role: str, who: Element) -> Element:
    return {"type": {"coding": [{"system": systems.PROVENANCE_AGENT_TYPE, "code": role}]}, "who": who}


def _list_deciders(completed: CompletedChart) -> list[str]:
    """Who decided and who completed, each once: a Practitioner, or the Device that closed the chart without touch."""
    deciders = (coding.decision.practitioner for coding in completed.codings)
    return [decider for decider in dict.fromkeys([*deciders, completed.completed_by]) if decider]


def _describe_devices(completed: CompletedChart) -> Iterator[ResourceVersion]:
    """The automation travels as a Device whose id ends with the version of its policy: no hospital knows it."""
    for decider in _list_deciders(completed):
        if decider.startswith("Device/"):
            policy = decider.rpartition("-")[2]
            device = _build_device(completed.engine, decider.removeprefix("Device/"), "Chartline automation", policy)
            yield _wrap(device, completed.coding_version)


def _build_device(
    engine: EngineVersion, device_id: str = "engine", name: str = "Chartline coding engine", policy: str = ""
) -> Element:
    versions = {
        "policy": policy,
        "engine": engine.engine,
        "code set": engine.code_set,
        "lexicon": engine.lexicon,
        "learned": engine.learned,
    }
    return {
        "resourceType": "Device",
        "id": device_id,
        "deviceName": [{"name": name, "type": "user-friendly-name"}],
        "version": [{"type": {"text": part}, "value": value} for part, value in versions.items() if value],
    }


def _select_supporting(chart: ChartReady, claim: Element, cited: Sequence[str]) -> Iterator[ResourceVersion]:
    """What the Claim names, its encounter and the cited reports, and whom these name in turn."""
    resources = ChartResources(chart)
    waiting = [*find_references(claim), chart.encounter.reference, *cited]
    seen: set[str] = set()
    while waiting:
        found = resources.find(waiting.pop(0))
        if found is None or found.reference in seen:
            continue
        seen.add(found.reference)
        yield found
        waiting += [name for name in find_references(json.loads(found.body)) if _is_followed(name, resources)]


def _is_followed(reference: str, resources: ChartResources) -> bool:
    found = resources.find(reference)
    return found is not None and found.resource_type in FOLLOWED_TYPES
