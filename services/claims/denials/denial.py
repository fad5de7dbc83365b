"""A payer's denial, line by line, joined to what stands behind each line; pure.

Place in the flow: `service.answers` reads one of every answer that denies something, from the Bundle that was sent:
each line carries its proof there, so no other service needs to be asked who decided on which words.
Invariant: a denial has a line at least, and every line a reason, '' where the payer named none.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.claims.claim import State
from services.claims.denials.reasons import PRICE_REASONS, Kind, Reason, explain_denial
from services.claims.responses import Adjustment, Answer
from shared.contracts.messages import Finding
from shared.fhir import systems
from shared.fhir.extensions import EvidenceSpan, Extension, find_extension, read_evidence
from shared.proof.coding import CODING_PROOF

DENYING = frozenset({State.DENIED, State.PARTIALLY_DENIED})
_SERVICES = frozenset({systems.CPT, systems.HCPCS})
_WHOLE = Adjustment(None, "", "")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a line rests on: the decision, who made it, the suggestion that it was about, the words that were cited.

    `suggestion_id` is None where the coder added the code, or the Bundle does not tell it.
    """

    decision_id: UUID | None = None
    action: str = ""
    practitioner: str = ""
    decided_at: datetime | None = None
    suggestion_id: UUID | None = None
    evidence: tuple[EvidenceSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class DeniedLine:
    """One reason for which one line is denied. `line` is its sequence; `edits` is what our own edits had warned of."""

    line: int | None
    expression: str
    code: str
    diagnoses: tuple[str, ...]
    adjustment: Adjustment
    edits: tuple[str, ...]
    origin: Origin

    @property
    def reason(self) -> Reason:
        """What the payer's codes mean."""
        return explain_denial(self.adjustment.reason, self.adjustment.remarks)


@dataclass(frozen=True, slots=True)
class Denial:
    """What one answer denies of a claim."""

    lines: tuple[DeniedLine, ...]

    @property
    def leading(self) -> DeniedLine:
        """The line that says what to do: the one with the most money, else the first."""
        return max(self.lines, key=lambda line: line.adjustment.amount or Decimal(0))

    @property
    def kind(self) -> Kind:
        """What was wrong."""
        return self.leading.reason.kind


def read_denial(bundle: bytes, answer: Answer, findings: Sequence[Finding]) -> Denial:
    """Join an answer that denies to the claim that was sent; `findings` are those that it was sent with."""
    claim = json.loads(bundle)["entry"][0]["resource"]
    items = list(enumerate(claim.get("item", ())))
    by_sequence = {item["sequence"]: place for place, item in items}
    reasons = [each for each in answer.adjustments if each.reason not in PRICE_REASONS] or [_WHOLE]
    lines = []
    for reason in reasons:
        places = [by_sequence[reason.line]] if reason.line in by_sequence else list(by_sequence.values())
        lines += [_join(claim, place, reason, findings) for place in places]
        if not places:
            lines.append(DeniedLine(None, "Claim", "", (), reason, (), Origin()))
    return Denial(tuple(lines))


def _join(claim: Mapping[str, Any], place: int, reason: Adjustment, findings: Sequence[Finding]) -> DeniedLine:
    item = claim["item"][place]
    path = f"Claim.item[{place}]"
    about = (each.edit for each in findings if (each.expression or "Claim").startswith((path, "Claim.diagnosis")))
    proof = find_extension(item, CODING_PROOF)
    return DeniedLine(
        line=item["sequence"],
        expression=path,
        code=_code_of(item.get("productOrService")),
        diagnoses=tuple(_diagnoses_of(claim, item)),
        adjustment=reason,
        edits=tuple(dict.fromkeys(about)),
        origin=_read_origin(proof) if proof else Origin(),
    )


def _diagnoses_of(claim: Mapping[str, Any], item: Mapping[str, Any]) -> Iterator[str]:
    pointed = set(item.get("diagnosisSequence", ()))
    for diagnosis in claim.get("diagnosis", ()):
        if diagnosis["sequence"] in pointed:
            yield diagnosis["diagnosisCodeableConcept"]["coding"][0]["code"]


def _code_of(concept: Mapping[str, Any] | None) -> str:
    codings = (concept or {}).get("coding", ())
    return next((str(each.get("code", "")) for each in codings if each.get("system") in _SERVICES), "")


def _read_origin(proof: Extension) -> Origin:
    decision = find_extension(proof, "decision")
    parts = {part["url"]: part for part in decision["extension"]} if decision else {}
    suggestion = find_extension(proof, "suggestion")
    return Origin(
        decision_id=_uuid_of(parts.get("id")),
        action=parts["action"]["valueCode"] if "action" in parts else "",
        practitioner=parts["practitioner"]["valueReference"]["reference"] if "practitioner" in parts else "",
        decided_at=datetime.fromisoformat(parts["at"]["valueInstant"]) if "at" in parts else None,
        suggestion_id=_uuid_of(suggestion),
        evidence=read_evidence(proof),
    )


def _uuid_of(part: Extension | None) -> UUID | None:
    return UUID(part["valueUuid"].removeprefix("urn:uuid:")) if part else None


def describe_denial(denial: Denial) -> tuple[Finding, ...]:
    """What the coder is told when a denied chart goes back."""
    return tuple(
        Finding(
            edit=f"denied-{line.adjustment.reason or 'without-reason'}".lower(),
            severity="error",
            message=f"The payer denied this line. {line.reason.words} ({_name_codes(line.adjustment)})",
            fix="Correct what the payer names where the record supports it; what it does not support is taken off.",
            expression=line.expression,
        )
        for line in denial.lines
    )


def _name_codes(adjustment: Adjustment) -> str:
    return " ".join([f"CARC {adjustment.reason or 'none'}", *(f"RARC {remark}" for remark in adjustment.remarks)])
