"""Forgives one slip of the keyboard in a long word: one letter missing, added, wrong, or two swapped.

Invariant: a word is corrected only to the one vocabulary word within one edit that begins with the same letter; when
there are two, the word stays unknown.
"""

from collections.abc import Iterable

_MIN_LENGTH = 8


class Speller:
    """Corrects folded words against a vocabulary, by shared single deletions; one look-up a letter."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self._by_deletion: dict[int, str] = {}
        self._ambiguous: set[int] = set()
        for word in vocabulary:
            if len(word) >= _MIN_LENGTH and word.isalpha():
                for form in {word, *_deletions(word)}:
                    self._add(hash(form), word)

    def _add(self, form: int, word: str) -> None:
        if self._by_deletion.setdefault(form, word) != word:
            self._ambiguous.add(form)

    def correct(self, word: str) -> str | None:
        """The vocabulary word that `word` is a slip of, or None."""
        if len(word) < _MIN_LENGTH or not word.isalpha():
            return None
        forms = [f for f in map(hash, (word, *_deletions(word))) if f in self._by_deletion]
        if any(form in self._ambiguous for form in forms):
            return None
        found = {self._by_deletion[form] for form in forms}
        found = {w for w in found if w[0] == word[0] and is_one_edit(w, word)}
        return found.pop() if len(found) == 1 else None


def _deletions(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(len(word))]


def is_one_edit(a: str, b: str) -> bool:
    """Whether one insertion, deletion, substitution or swap of neighbours turns `a` into `b`."""
    if len(a) > len(b):
        a, b = b, a
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    if len(a) == len(b):
        swapped = a[:at] + a[at + 1 : at + 2] + a[at : at + 1] + a[at + 2 :]
        return a[at + 1 :] == b[at + 1 :] or swapped == b
    return len(b) - len(a) == 1 and a[at:] == b[at + 1 :]
