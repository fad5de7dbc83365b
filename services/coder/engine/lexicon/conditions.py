"""The context in which an ambiguous lexicon term is trusted.

Invariant: an unknown fact (no sex, no age) never satisfies a requirement about it.
"""

import re
from dataclasses import dataclass

from services.coder.engine.sections import SectionKind


class LexiconError(ValueError):
    """A lexicon row cannot be read; the message names its file and line."""


@dataclass(frozen=True, slots=True)
class Condition:
    """All that a term asks of its surroundings; empty parts ask nothing. Words are lower case."""

    any_word: tuple[frozenset[str], ...] = ()
    no_word: frozenset[str] = frozenset()
    sections: frozenset[SectionKind] = frozenset()
    sex: str | None = None
    min_age: int | None = None
    max_age: int | None = None

    @property
    def tells(self) -> bool:
        """Whether it asks for something to be there: a term told by its surroundings is trusted before another."""
        return bool(self.any_word or self.sections or self.sex or self.min_age is not None or self.max_age is not None)

    def holds(self, words: frozenset[str], section: SectionKind, sex: str | None, age: int | None) -> bool:
        """Whether it holds for a document with these words, in `section`, for a patient of `sex` and `age` in years."""
        return (
            all(not group.isdisjoint(words) for group in self.any_word)
            and self.no_word.isdisjoint(words)
            and (not self.sections or section in self.sections)
            and (self.sex is None or self.sex == sex)
            and (self.min_age is None or (age is not None and age >= self.min_age))
            and (self.max_age is None or (age is not None and age <= self.max_age))
        )


_AGE = re.compile(r"age(<=|>=|<|>)(\d+)$")
_PART = re.compile(r"(word|not|section|sex):(.+)$")


def parse_condition(when: str, origin: str) -> Condition:
    """Parse the `when` column: `word:a,b not:c section:impression sex:female age<18`, separated by spaces."""
    any_word: list[frozenset[str]] = []
    no_word: frozenset[str] = frozenset()
    sections: frozenset[SectionKind] = frozenset()
    sex = min_age = max_age = None
    for part in when.split():
        if age := _AGE.match(part):
            bound = int(age[2]) + {"<": -1, ">": 1}.get(age[1], 0)
            min_age, max_age = (bound, max_age) if ">" in age[1] else (min_age, bound)
        elif not (named := _PART.match(part)):
            raise LexiconError(f"{origin}: cannot read the condition {part!r}")
        elif named[1] == "word":
            any_word.append(frozenset(named[2].lower().split(",")))
        elif named[1] == "not":
            no_word |= frozenset(named[2].lower().split(","))
        elif named[1] == "section":
            sections |= _read_sections(named[2], origin)
        else:
            sex = named[2]
    return Condition(tuple(any_word), no_word, sections, sex, min_age, max_age)


def _read_sections(names: str, origin: str) -> frozenset[SectionKind]:
    try:
        return frozenset(SectionKind(name) for name in names.split(","))
    except ValueError as error:
        raise LexiconError(f"{origin}: {error}") from error
