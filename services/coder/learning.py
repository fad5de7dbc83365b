"""What a finished coding teaches about the engine's suggestions, one lesson a suggestion.

Place in the flow: `service.completing` reads lessons off the decisions, `store.lessons` keeps them, and their sum is
the `LearnedState` that goes into the engine with a chart; pure. Invariants: only a suggestion that somebody decided
about teaches, or one whose code somebody chose; taking a lesson back leaves the counts as they were before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from services.coder.coding import StoredSuggestion
from services.coder.decisions import Decision, latest_by_target, list_standing
from services.coder.engine.learned import EntryKey, LearnedState, Outcome


@dataclass(frozen=True, slots=True)
class Lesson:
    """A suggestion that rested on `entry` was kept or refused, by this decision."""

    entry: str
    kept: bool
    suggestion_id: UUID
    decision_id: UUID


def list_lessons(suggestions: Sequence[StoredSuggestion], decisions: Sequence[Decision]) -> list[Lesson]:
    """List what the decisions that count teach, in the engine's order.

    A suggestion is kept when its code goes on the claim, whether it was accepted, added beside it or chosen in place
    of another; it is refused when it was rejected or changed and its code does not. An offer that nobody touched, and
    an added code that the engine had not found, teach nothing: nobody spoke about their words.
    """
    latest = latest_by_target(list_standing(decisions))
    chosen = {(each.code.system, each.code.code): each.decision_id for each in latest.values() if each.code}
    lessons = []
    for suggestion in suggestions:
        content = suggestion.content
        about = latest.get(suggestion.suggestion_id)
        keeping = chosen.get((content.system, content.code))
        source = keeping or (about.decision_id if about else None)
        if content.entry and source:
            lessons.append(Lesson(content.entry, keeping is not None, suggestion.suggestion_id, source))
    return lessons


def add_counts(state: LearnedState, changes: Mapping[EntryKey, Outcome]) -> LearnedState:
    """Return `state` with the changes added, which may be negative; raises ValueError where a count would be."""
    counts = dict(state.counts)
    for key, change in changes.items():
        old = counts.pop(key, Outcome(0, 0))
        new = Outcome(old.kept + change.kept, old.refused + change.refused)
        if min(new) < 0:
            raise ValueError("more lessons would be taken back than were learned")
        if any(new):
            counts[key] = new
    return LearnedState(MappingProxyType(counts))
