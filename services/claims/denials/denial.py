"""What a payer denies or rejects, line by line, joined to what stands behind each line; pure.

Place in the flow: `service.denied` reads one of every answer that denies or rejects, and of every attempt that was
refused, from the Bundle that was sent: each line carries its proof there, so no other service needs to be asked who
decided on which words.
Invariant: a denial has a line at least, and every line a reason, '' where the payer named none.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.claims.claim import State
from services.claims.denials.reasons import (
    PRICE_REASONS,
    Kind,
    Reason,
    explain_denial,
    explain_refused_void,
    explain_rejection,
)
from services.claims.responses import Adjustment, Answer
from shared.contracts.messages import Finding
from shared.fhir import systems
from shared.fhir.extensions import EvidenceSpan, Extension, find_extension, read_evidence
from shared.proof.coding import CODING_PROOF

DENYING = frozenset({State.DENIED, State.PARTIALLY_DENIED, State.REJECTED})
"""What puts a claim on the worklist."""
_SERVICES = frozenset({systems.CPT, systems.HCPCS})
_WHOLE = Adjustment(None, "", "")
Explain = Callable[[str, Iterable[str]], Reason]
"""What a code with its remarks means."""


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
    reason: Reason
    """What the payer's codes mean."""


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
    """Join an answer that denies or rejects to the claim that was sent, with `findings`."""
    named = answer.adjustments or [Adjustment(None, "", code) for code in answer.codes]
    return _read(bundle, answer.state is State.REJECTED, named, findings)


def read_refusal(bundle: bytes, codes: Iterable[str], findings: Sequence[Finding]) -> Denial:
    """Join an attempt that was refused without an answer to the claim; `codes` are those on its record."""
    return _read(bundle, True, [Adjustment(None, "", code) for code in codes], findings)


def _read(bundle: bytes, is_rejected: bool, named: Sequence[Adjustment], findings: Sequence[Finding]) -> Denial:
    claim = json.loads(bundle)["entry"][0]["resource"]
    by_sequence = {item["sequence"]: place for place, item in enumerate(claim.get("item", ()))}
    explain = _choose_words(claim, is_rejected)
    lines: list[DeniedLine] = []
    for each in [each for each in named if each.reason not in PRICE_REASONS] or [_WHOLE]:
        reason = explain(each.reason, each.remarks)
        places = [by_sequence[each.line]] if each.line in by_sequence else list(by_sequence.values())
        lines += [_join(claim, place, each, reason, findings) for place in places]
        if not places:
            lines.append(DeniedLine(None, "Claim", "", (), each, (), Origin(), reason))
    return Denial(tuple(lines))


def _choose_words(claim: Mapping[str, Any], is_rejected: bool) -> Explain:
    if claim.get("status") == "cancelled":
        return explain_refused_void
    return explain_rejection if is_rejected else explain_denial


def _join(
    claim: Mapping[str, Any], place: int, adjustment: Adjustment, reason: Reason, findings: Sequence[Finding]
) -> DeniedLine:
    item = claim["item"][place]
    path = f"Claim.item[{place}]"
    about = (each.edit for each in findings if (each.expression or "Claim").startswith((path, "Claim.diagnosis")))
    proof = find_extension(item, CODING_PROOF)
    return DeniedLine(
        line=item["sequence"],
        expression=path,
        code=_code_of(item.get("productOrService")),
        diagnoses=tuple(_diagnoses_of(claim, item)),
        adjustment=adjustment,
        edits=tuple(dict.fromkeys(about)),
        origin=_read_origin(proof) if proof else Origin(),
        reason=reason,
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
    """What the coder is told when a chart goes back; an error that the whole claim was refused for is told once."""
    if denial.kind is Kind.REJECTION:
        return tuple(_tell_rejection(lines) for lines in _group_by_code(denial.lines))
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


def _group_by_code(lines: Sequence[DeniedLine]) -> Iterable[list[DeniedLine]]:
    groups: dict[str, list[DeniedLine]] = {}
    for line in lines:
        groups.setdefault(line.adjustment.reason, []).append(line)
    return groups.values()


def _tell_rejection(lines: Sequence[DeniedLine]) -> Finding:
    code = lines[0].adjustment.reason
    return Finding(
        edit=f"rejected-{code or 'without-code'}".lower(),
        severity="error",
        message=f"The payer refused the claim before it decided. {lines[0].reason.words} ({code or 'no code'})",
        fix="Correct what the payer names; the next coding goes out as a first claim, as the payer holds none.",
        expression=lines[0].expression if len(lines) == 1 else "Claim",
    )


def _name_codes(adjustment: Adjustment) -> str:
    return " ".join([f"CARC {adjustment.reason or 'none'}", *(f"RARC {remark}" for remark in adjustment.remarks)])
