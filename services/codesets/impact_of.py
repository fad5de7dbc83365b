"""What `impact` answers: the changes of a release, and the things that they touch, by id and code."""

from dataclasses import dataclass

from shared.codesets.changes import Changes


@dataclass(frozen=True, slots=True)
class Touched:
    """A thing that a change touches: its id, where it stands, and the codes."""

    id: str
    state: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """The changes of a release, and what they touch."""

    changes: Changes
    work_items: tuple[Touched, ...] = ()
    claims: tuple[Touched, ...] = ()
    payer_rules: tuple[Touched, ...] = ()
    lexicon: tuple[Touched, ...] = ()
