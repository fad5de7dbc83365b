"""Puts the proof on every code of a final Claim: what it rests on, who decided it, and the service's signature.

Place in the flow: the last step of `claim_final`; pure. Invariant: every diagnosis, procedure and line carries one.
"""

from collections.abc import Iterable, Sequence

from services.coder.citations import Citations
from services.coder.claim_frame import Element
from services.coder.coding import Coding
from services.coder.engine.model import CodeSystem, EngineVersion
from shared.proof.coding import CodingProof, prove_coding
from shared.proof.keys import SigningKey

_MEMBERS = {
    "diagnosis": frozenset({CodeSystem.ICD10CM}),
    "procedure": frozenset({CodeSystem.ICD10PCS}),
    "item": frozenset({CodeSystem.CPT, CodeSystem.HCPCS}),
}


def prove_codings(
    claim: Element, codings: Sequence[Coding], citations: Citations, engine: EngineVersion, key: SigningKey | None
) -> Element:
    """Return the Claim that was built from `codings` with a proof on each coded element."""
    proven = {
        name: [
            prove_coding(claim["id"], name, element, _build_proof(coding, citations, engine), key)
            for element, coding in zip(claim[name], _of_systems(codings, systems), strict=True)
        ]
        for name, systems in _MEMBERS.items()
        if name in claim
    }
    return {**claim, **proven}


def _of_systems(codings: Iterable[Coding], systems: frozenset[CodeSystem]) -> list[Coding]:
    return [coding for coding in codings if coding.chosen.system in systems]


def _build_proof(coding: Coding, citations: Citations, engine: EngineVersion) -> CodingProof:
    decision = coding.decision
    return CodingProof(
        evidence=citations.cite(coding.suggestion.content) if coding.suggestion else (),
        decision_id=decision.decision_id,
        action=decision.action.value,
        practitioner=decision.practitioner,
        decided_at=decision.decided_at,
        engine=engine.engine,
        code_set=engine.code_set,
        lexicon=engine.lexicon,
        learned=engine.learned,
        suggestion_id=coding.suggestion.suggestion_id if coding.suggestion else None,
    )
