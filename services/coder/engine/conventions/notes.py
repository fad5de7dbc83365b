"""What the instructional notes of the Tabular List say of two codes: the ground of exclusion and sequence.

Invariant: the notes of a code are read once a process; an answer depends on the release alone.
"""

from collections.abc import Iterable
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

    def find(self, codes: Iterable[str]) -> list[str]:
        """Those of `codes` to which one of the notes points."""
        if not self.targets:
            return []
        first, last, targets = self.first, self.last, self.targets
        return [code for code in codes if first <= code[:1] <= last and in_targets(code, targets)]


@cache
def read_notes(codes: CodeSet, code: str, kind: NoteKind) -> Notes:
    """The notes of `kind` at `code` and above."""
    texts = codes.inherited_notes(code, kind)
    targets = tuple(target for text in texts for target in read_targets(text))
    letters = sorted(code[0] for target in targets for code in target)
    return Notes(texts, targets, letters[0] if letters else "~", letters[-1] if letters else "")
