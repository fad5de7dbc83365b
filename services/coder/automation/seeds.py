"""Suggestions that are wrong on purpose, to learn whether suggestions are read or merely accepted.

Place in the flow: `service.seeding` plants one before a chart is leased, `service.completing` takes it out; pure.
Invariants: a seed stands beside a true suggestion with that one's words and confidence, and its code is no other one's
on the chart; what is decided about seeds is taken out before anything is made of decisions, so that a seed reaches no
claim, no draft and no lesson. A code that a coder chose in place of a seed is the coder's own, and stays.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from random import Random
from uuid import UUID

from services.coder.coding import StoredSuggestion
from services.coder.decisions import CODE_ACTIONS, Action, Amendment, Decision, latest_by_target, list_standing
from services.coder.engine.model import CodeSystem
from shared.codesets.icd10cm import CodeSet


class SeedOutcome(StrEnum):
    """What a coder did with a seed."""

    CAUGHT = "caught"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class PlannedSeed:
    """A wrong code to be shown beside the suggestion `host_id`, as the `place`th of the chart's suggestions from 0."""

    host_id: UUID
    code: str
    display: str
    place: int


@dataclass(frozen=True, slots=True)
class Seed:
    """A planted suggestion; `outcome` is None until the chart is completed."""

    suggestion: StoredSuggestion
    host_id: UUID
    place: int
    outcome: SeedOutcome | None = None

    @property
    def suggestion_id(self) -> UUID:
        """The id by which decisions name it."""
        return self.suggestion.suggestion_id


def plan_seed(
    proposed: Sequence[StoredSuggestion], codes: CodeSet, day: date | None, chance: Random
) -> PlannedSeed | None:
    """Choose a sibling of a selected diagnosis that is valid on the day; None where there is none."""
    taken = {each.content.code for each in proposed}
    offers = []
    for host in proposed:
        content = host.content
        if content.selected and content.system is CodeSystem.ICD10CM and content.code in codes:
            wrong = [code for code in _list_siblings(content.code, codes) if code not in taken]
            offers += [(host, code) for code in wrong if codes.is_valid(code, day)]
    if not offers:
        return None
    host, code = chance.choice(offers)
    return PlannedSeed(host.suggestion_id, code, codes.title(code), chance.randrange(len(proposed) + 1))


def _list_siblings(code: str, codes: CodeSet) -> list[str]:
    """The complete codes beside `code` under the same node, with its own 7th character where it has one."""
    node = codes.node_of(code)
    above = next(each for each in codes.ancestors(node))
    beside = [each for each in codes.children(above) if each != node and codes.is_leaf(each)]
    return beside if node == code else [codes.with_seventh(each, code[-1]) for each in beside]


def show_among(proposed: Sequence[StoredSuggestion], seeds: Iterable[Seed]) -> list[StoredSuggestion]:
    """Return the suggestions as a coder sees them: with the seeds whose chart is not completed."""
    shown = list(proposed)
    for seed in seeds:
        if seed.outcome is None:
            shown.insert(seed.place, seed.suggestion)
    return shown


def take_out(decisions: Sequence[Decision], seeds: Collection[Seed]) -> list[Decision]:
    """Return the decisions that stand as if there were no seeds; a code chosen in place of one becomes an `add`."""
    if not seeds:
        return list(decisions)
    planted = {seed.suggestion_id for seed in seeds}
    standing = list_standing(decisions)
    latest = latest_by_target(standing)
    own = {seed: latest[seed].decision_id for seed in planted & latest.keys() if latest[seed].action is Action.CHANGE}
    kept = (_rename(decision, own) for decision in standing if _stays(decision, own, planted))
    return list(kept)


def _stays(decision: Decision, own: dict[UUID, UUID], planted: Collection[UUID]) -> bool:
    if decision.target_id not in planted:
        return True
    if decision.action in CODE_ACTIONS:
        return decision.decision_id in own.values()
    return decision.target_id in own


def _rename(decision: Decision, own: dict[UUID, UUID]) -> Decision:
    """Let a decision be about the code that was chosen in place of a seed, and no more about the seed."""
    linked = decision.amendment.linked
    amendment: Amendment = replace(
        decision.amendment, linked=linked and tuple(own.get(target, target) for target in linked)
    )
    return replace(
        decision,
        action=Action.ADD if decision.decision_id in own.values() else decision.action,
        target_id=own.get(decision.target_id, decision.target_id),
        amendment=amendment,
        targets=tuple(own.get(target, target) for target in decision.targets),
    )


def settle_seed(seed: Seed, decisions: Sequence[Decision]) -> SeedOutcome:
    """Say what became of a seed: missed when it was accepted in the end."""
    about = latest_by_target(list_standing(decisions)).get(seed.suggestion_id)
    return SeedOutcome.MISSED if about is not None and about.action is Action.ACCEPT else SeedOutcome.CAUGHT


def replaces_host(seed: Seed, decisions: Sequence[Decision]) -> bool:
    """Tell whether a coder took the seed for the right code and dropped the suggestion beside which it was planted."""
    if settle_seed(seed, decisions) is SeedOutcome.CAUGHT:
        return False
    host = latest_by_target(list_standing(decisions)).get(seed.host_id)
    return host is not None and host.action is Action.REJECT
