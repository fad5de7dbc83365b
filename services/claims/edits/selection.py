"""Which edits are worth running on a claim; pure.

Place in the flow: `run_edits` asks for every claim. Invariants: what is in effect follows from the date of service, the
payer and the channel, never from today's date; the findings are those of scrubbing with every edit in effect, one by
one, since what is left out is not about the claim.

Choices are kept, since claims come many to a day, payer and sort: choosing is then a look-up.
"""

from collections.abc import Collection, Sequence
from datetime import date
from functools import lru_cache

from services.claims.edits.model import ClaimUnderEdit, Edit
from services.claims.edits.traits import Trait

_SELECTIONS_KEPT = 4_096
"""Payers times days of service times sorts of claim that are worked on at one time; one is a tuple of references."""
_CODES_KEPT = 50_000
"""Sets of payer rules times service codes."""


def choose_edits(subject: ClaimUnderEdit, edits: tuple[Edit, ...]) -> Sequence[Edit]:
    """Of `edits` and the payer's own rules, in order, those in effect that are about the claim."""
    context = subject.context
    rules = tuple(context.payer_rules)
    chosen = _select_about((*edits, *rules), subject.service_day, context.payer, context.channel, subject.traits)
    idle = _find_all_idle(rules, [line.code for line in subject.view.lines]) if rules else ()
    return [edit for edit in chosen if edit not in idle] if idle else chosen


def select_edits(edits: tuple[Edit, ...], day: date | None, payer: str, channel: str) -> tuple[Edit, ...]:
    """The edits of a payer and channel that were in effect on a day."""
    return tuple(edit for edit in edits if edit.applies_on(day) and edit.applies_to(payer, channel))


@lru_cache(maxsize=_SELECTIONS_KEPT)
def _select_about(
    edits: tuple[Edit, ...], day: date | None, payer: str, channel: str, traits: frozenset[Trait]
) -> tuple[Edit, ...]:
    return tuple(edit for edit in select_edits(edits, day, payer, channel) if edit.needs <= traits)


def _find_all_idle(rules: tuple[Edit, ...], codes: Sequence[str]) -> Collection[Edit]:
    """The rules that are about services of which the claim has none."""
    first, *others = codes or [""]
    idle = _find_idle(rules, first)
    return idle.intersection(*[_find_idle(rules, code) for code in others]) if others else idle


@lru_cache(maxsize=_CODES_KEPT)
def _find_idle(rules: tuple[Edit, ...], code: str) -> frozenset[Edit]:
    return frozenset(rule for rule in rules if rule.services is not None and not rule.services.has(code))
