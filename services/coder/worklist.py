"""Worklists, as rules, and what coders work on.

Place in the flow: shared by `store`, `service` and `api`; pure. Invariant: a chart has exactly one default list, the
first by position that lets it through; `everything-else` lets everything through and comes last.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.coder.work_item import State
from shared.contracts.errors import Conflict

CATCH_ALL = "everything-else"


class ListKind(StrEnum):
    """What a list is to a chart."""

    DEFAULT = "default"
    """A chart is on exactly one of these."""
    CUSTOM = "custom"
    """A chart is on every one that lets it through."""


@dataclass(frozen=True, slots=True)
class Worklist:
    """A rule over what a chart is; an empty criterion lets everything through."""

    list_id: str
    title: str
    kind: ListKind
    position: int
    service_lines: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    facilities: tuple[str, ...] = ()
    encounter_classes: tuple[str, ...] = ()
    payers: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    revision: int = 0


@dataclass(frozen=True, slots=True)
class CountedList:
    """A list and how many unfinished charts of it are within the caller's reach."""

    worklist: Worklist
    counts: Mapping[State, int]


@dataclass(frozen=True, slots=True, order=True)
class ListKey:
    """The order of lists: default ones as they are tried, then custom ones."""

    is_custom: bool
    position: int
    list_id: str

    @classmethod
    def of(cls, worklist: Worklist) -> "ListKey":
        """The key of a list."""
        return cls(worklist.kind is ListKind.CUSTOM, worklist.position, worklist.list_id)


@dataclass(frozen=True, slots=True)
class CoderDesk:
    """What a coder works on; nothing named is no limit."""

    subject: str
    lists: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    facilities: tuple[str, ...] = ()
    own_records: tuple[str, ...] = ()
    revision: int = 0


class ListExists(Conflict):
    """There is a worklist with this id."""

    code = "list-exists"


class ListFixed(Conflict):
    """The list that takes everything else stays as it is."""

    code = "list-fixed"
