"""What the instructional notes of the Tabular List say of two codes: the ground of exclusion and sequence.

Invariant: the notes of a code are read once a process; an answer depends on the release alone.
"""

from dataclasses import dataclass
from functools import cache

from shared.codesets.icd10cm import CodeSet, NoteKind, in_targets, read_targets

Targets = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes of one kind that hold for a code, its own and those above it: their text and the codes they name."""

    texts: tuple[str, ...]
    targets: Targets
    first: str
    last: str

    def name(self, code: str) -> bool:
        """Whether one of the notes points to `code`."""
        return self.first <= code[:1] <= self.last and in_targets(code, self.targets)


@cache
def read_notes(codes: CodeSet, code: str, kind: NoteKind) -> Notes:
    """The notes of `kind` at `code` and above."""
    texts = codes.inherited_notes(code, kind)
    targets = tuple(target for text in texts for target in read_targets(text))
    letters = sorted(code[0] for target in targets for code in target)
    return Notes(texts, targets, letters[0] if letters else "~", letters[-1] if letters else "")
