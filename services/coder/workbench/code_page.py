"""Arranges a place in the ICD-10-CM Tabular List for its page: what is above, what is below, and every note that holds.

Place in the flow: from the code set to `templates/code.html`; pure. Invariant: a note is shown once, with where it
stands, nearest first, as the conventions apply them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.codesets.icd10cm import CodeSet, NoteKind
from shared.contracts.errors import NotFound

NOTE_NAMES = {
    NoteKind.INCLUDES: "Includes",
    NoteKind.INCLUSION: "Inclusion terms",
    NoteKind.EXCLUDES1: "Excludes1",
    NoteKind.EXCLUDES2: "Excludes2",
    NoteKind.CODE_FIRST: "Code first",
    NoteKind.USE_ADDITIONAL: "Use additional code",
    NoteKind.CODE_ALSO: "Code also",
    NoteKind.NOTES: "Notes",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A chapter, block, category or code."""

    code: str
    title: str
    is_billable: bool


@dataclass(frozen=True, slots=True)
class Note:
    """Notes of one kind that stand at one place."""

    name: str
    at: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodePage:
    """What the template shows; `above` begins with the chapter."""

    place: Place
    above: list[Place]
    below: list[Place]
    sevenths: list[Place]
    notes: list[Note]


def arrange_code(code_set: CodeSet, code: str) -> CodePage:
    """Arrange the page of a place in the Tabular List; raises NotFound."""
    if code not in code_set:
        raise NotFound("the Tabular List has no such place")
    node = code_set.node_of(code)
    sevenths = code_set.seventh_characters(node) if code == node and code_set.is_leaf(node) else {}
    return CodePage(
        place=_place(code_set, code),
        above=[_place(code_set, each) for each in reversed(code_set.ancestors(code))],
        below=[_place(code_set, each) for each in code_set.children(node)] if code == node else [],
        sevenths=[_place(code_set, code_set.with_seventh(node, each)) for each in sevenths],
        notes=list(_list_notes(code_set, code)),
    )


def _place(code_set: CodeSet, code: str) -> Place:
    return Place(code, code_set.title(code), code_set.is_billable(code))


def _list_notes(code_set: CodeSet, code: str) -> Iterator[Note]:
    for kind, name in NOTE_NAMES.items():
        for at in (code, *code_set.ancestors(code)):
            inherits = at == code or kind is not NoteKind.INCLUSION  # a synonym of a category names no code below it
            if inherits and (texts := code_set.notes(at, kind)):
                yield Note(name, at, texts)
