"""Arranges what the claim would have now: a row a code, in its order, and the orders that its buttons send.

Place in the flow: a part of `chart_page`; pure. Invariant: an order names every code of the claim once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.coder.decision_models import CodingView
from services.coder.engine.model import CodeSystem

_LINES = frozenset({CodeSystem.CPT, CodeSystem.HCPCS})


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A code on the claim; `place` counts within its kind. `earlier` and `later` are orders, empty at the ends."""

    coding: CodingView
    place: int
    earlier: tuple[UUID, ...]
    later: tuple[UUID, ...]

    @property
    def is_diagnosis(self) -> bool:
        """Whether it has a presence on admission, and lines can point to it."""
        return self.coding.code.system is CodeSystem.ICD10CM

    @property
    def is_line(self) -> bool:
        """Whether it has modifiers, units and links."""
        return self.coding.code.system in _LINES


def arrange_claim(codings: Sequence[CodingView]) -> dict[UUID, ClaimRow]:
    """Arrange the codes of a claim, diagnoses before procedures before lines, by target."""
    kinds = [_of_kind(codings, systems) for systems in ({CodeSystem.ICD10CM}, {CodeSystem.ICD10PCS}, _LINES)]
    order = [coding.target_id for kind in kinds for coding in kind]
    return {
        coding.target_id: ClaimRow(
            coding,
            place,
            earlier=_swap(order, coding.target_id, kind[place - 2].target_id) if place > 1 else (),
            later=_swap(order, coding.target_id, kind[place].target_id) if place < len(kind) else (),
        )
        for kind in kinds
        for place, coding in enumerate(kind, 1)
    }


def _of_kind(codings: Sequence[CodingView], systems: set[CodeSystem] | frozenset[CodeSystem]) -> list[CodingView]:
    return [coding for coding in codings if coding.code.system in systems]


def _swap(order: Sequence[UUID], one: UUID, other: UUID) -> tuple[UUID, ...]:
    swapped = {one: other, other: one}
    return tuple(swapped.get(target, target) for target in order)
