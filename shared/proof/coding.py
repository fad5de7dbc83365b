"""The proof on each coded element of a final Claim: words, decision, versions, and a signature over all of it.

Place in the flow: the coder service puts it on when a chart is completed; payers carry it; `verification` reads it.
Invariants: the signature covers the proof's own parts and every member that the coder decided, so neither can be
changed, nor moved to another line or claim; what billing adds later (prices) is not covered, that is the seal's part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.fhir.extensions import STRUCTURE_DEFINITIONS, EvidenceSpan, Extension, build_evidence
from shared.proof.keys import SigningKey
from shared.proof.statements import Statement, hash_value, sign_statement

CODING_PROOF = f"{STRUCTURE_DEFINITIONS}/coding-proof"
CODING_KIND = "chartline-coding+jws"
SIGNATURE = "signature"

DECIDED_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "diagnosis": ("sequence", "diagnosisCodeableConcept", "type", "onAdmission"),
    "procedure": ("sequence", "date", "procedureCodeableConcept"),
    "item": (
        "sequence",
        "diagnosisSequence",
        "productOrService",
        "modifier",
        "servicedDate",
        "servicedPeriod",
        "locationCodeableConcept",
        "quantity",
    ),
}
"""The members of a Claim's coded elements that a coder decides, by the element's name."""


@dataclass(frozen=True, slots=True)
class CodingProof:
    """What a code rests on. `practitioner` is a relative reference; the versions are those of the engine's run."""

    evidence: Sequence[EvidenceSpan]
    decision_id: UUID
    action: str
    practitioner: str
    decided_at: datetime
    engine: str
    code_set: str
    lexicon: str
    learned: str = ""
    suggestion_id: UUID | None = None
    """The engine's suggestion that the decision was about; None for a code that the coder added."""


def prove_coding(
    claim_id: str, name: str, element: Mapping[str, Any], proof: CodingProof, key: SigningKey | None
) -> dict[str, Any]:
    """Return `element` of Claim member `name` with its proof, signed when there is a key."""
    parts = _build_parts(proof)
    if key is not None:
        token = sign_statement(state_coding(claim_id, name, element, parts), key, kind=CODING_KIND)
        parts.append({"url": SIGNATURE, "valueString": token})
    extensions = [*element.get("extension", ()), {"url": CODING_PROOF, "extension": parts}]
    return {**element, "extension": extensions}


def state_coding(claim_id: str, name: str, element: Mapping[str, Any], parts: Sequence[Extension]) -> Statement:
    """Return what a signature signs: whose claim, what was decided, and the hash of the ground for it."""
    decided = {member: element[member] for member in DECIDED_MEMBERS[name] if member in element}
    proof = [part for part in parts if part.get("url") != SIGNATURE]
    return {"claim": claim_id, "element": name, "decided": decided, "proof": hash_value(proof)}


def _build_parts(proof: CodingProof) -> list[Extension]:
    decision = [
        {"url": "id", "valueUuid": f"urn:uuid:{proof.decision_id}"},
        {"url": "action", "valueCode": proof.action},
        {"url": "practitioner", "valueReference": {"reference": proof.practitioner}},
        {"url": "at", "valueInstant": proof.decided_at.isoformat(timespec="milliseconds")},
    ]
    versions = {"engine": proof.engine, "code-set": proof.code_set, "lexicon": proof.lexicon, "learned": proof.learned}
    return [
        *(build_evidence(span) for span in proof.evidence),
        {"url": "decision", "extension": decision},
        *([{"url": "suggestion", "valueUuid": f"urn:uuid:{proof.suggestion_id}"}] if proof.suggestion_id else []),
        *({"url": name, "valueString": version} for name, version in versions.items() if version),
    ]
