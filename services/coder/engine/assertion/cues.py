"""Reads the cue tables into a tree of words; data in, nothing decided here.

Invariant: `Lexicon.match` answers for the longest phrase that begins at a token, in time bounded by the longest phrase.
"""

import itertools
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag, StrEnum
from functools import cache
from importlib import resources
from typing import TypedDict

from services.coder.engine.assertion.tokens import tokenize
from shared.codesets.cache import hash_content


class Effect(IntFlag):
    """What a cue says of the conditions in its scope; several may hold at once."""

    ABSENT = 1
    HYPOTHETICAL = 2
    FAMILY = 4
    UNCERTAIN = 8
    HISTORICAL = 16
    BACKGROUND = 32
    RESOLVED = 64
    CORRECTED = 128
    ALL = 255


class Side(StrEnum):
    """Where a cue stands, seen from the condition."""

    BEFORE = "before"
    AFTER = "after"
    ANSWER = "answer"
    STOP = "stop"


class Reach(IntEnum):
    """How far a scope goes, in order: what ends one ends the shorter ones too."""

    NEXT = 1
    ITEM = 2
    PHRASE = 3
    LIST = 4
    SENTENCE = 5


@dataclass(frozen=True, slots=True)
class Cue:
    """One meaning of a phrase; `effect` holds bits of `Effect`, for a stop those that it ends."""

    effect: int
    side: Side
    reach: Reach = Reach.LIST
    breaks: bool = False


@dataclass(slots=True)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    cues: tuple[Cue, ...] | None = None


class _Group(TypedDict, total=False):
    effect: str
    side: str
    reach: str
    breaks: bool
    of: list[str]
    phrases: list[str]


Companions = tuple[frozenset[str], ...]
"""The other words of one phrase, each with those that stand for it."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All cue phrases, by their words.

    `first_words` begin a phrase, for a quick look before `match`. `telling_words` hold one word of every phrase with an
    effect, each with what must stand beside it; `telling_marks` one mark of those without a word: where none of them
    stands, no scope opens.
    """

    first_words: dict[str, _Node]
    telling_words: dict[str, tuple[Companions, ...]]
    telling_marks: frozenset[str]

    def may_tell(self, words: Sequence[str]) -> bool:
        """Whether `words`, of a stretch of text without its marks, can hold a phrase with an effect."""
        told = self.telling_words.keys() & words
        if not told:
            return False
        held = frozenset(words)
        # Loops, not any(): nothing of assertion is asked more often.
        for word in told:
            for beside in self.telling_words[word]:
                if _hold_all(held, beside):
                    return True
        return False

    def match(self, words: Sequence[str], index: int) -> tuple[int, tuple[Cue, ...]] | None:
        """Return the index after the longest phrase that begins at `index`, with its meanings; None without one."""
        node, found, count = self.first_words.get(words[index]), None, len(words)
        while node is not None:
            index += 1
            if node.cues is not None:
                found = (index, node.cues)
            while index < count and not words[index]:
                index += 1
            node = node.children.get(words[index]) if index < count else None
        return found


def _hold_all(words: frozenset[str], companions: Companions) -> bool:
    for members in companions:  # noqa: SIM110 - a generator costs more than what it asks
        if words.isdisjoint(members):
            return False
    return True


@cache
def load_lexicon() -> Lexicon:
    """Read `cues.toml`, once a process; a malformed table raises ValueError or KeyError."""
    tables = tomllib.loads(_read("cues.toml"))
    same = _read_same(tables["same"])
    root = _Node()
    effective: set[tuple[str, ...]] = set()
    for group in tables["group"]:
        phrases = [_split(phrase) for template in group["phrases"] for phrase in _expand(template)]
        for cue in _build_cues(group):
            for words in phrases:
                _insert(root, words, cue, same)
            if cue.effect and cue.side is not Side.STOP:
                effective.update(phrases)
    telling = _find_telling_words(effective, same)
    spelled = {word: _drop_implied(companions) for word, companions in telling.items() if word.isalnum()}
    return Lexicon(root.children, spelled, frozenset(telling.keys() - spelled.keys()))


_COMMON = {
    *("a", "and", "are", "at", "be", "for", "have", "her", "his", "in", "is", "of", "on", "report", "show"),
    *("the", "to", "was", "were", "with", "year", "-", "(", ":"),
}
"""Words that stand everywhere in a note, and so tell least."""


def _find_telling_words(phrases: Iterable[tuple[str, ...]], same: dict[str, list[str]]) -> dict[str, set[Companions]]:
    """Of each phrase one word, long and not common, with all the words that stand for it, and those it stands with."""
    telling: dict[str, set[Companions]] = defaultdict(set)
    for phrase in phrases:
        telling_word = max(phrase, key=lambda word: (word.isalnum(), word not in _COMMON, len(word), word))
        others = tuple(frozenset(same.get(w, (w,))) for w in phrase if w.isalnum() and w != telling_word)
        for member in same.get(telling_word, (telling_word,)):
            telling[member].add(others)
    return telling


def _drop_implied(companions: Iterable[Companions]) -> tuple[Companions, ...]:
    """Without the companions of a longer phrase that those of a shorter one are among."""
    kept: list[Companions] = []
    for beside in sorted(companions, key=len):
        if not any(set(fewer) <= set(beside) for fewer in kept):
            kept.append(beside)
    return tuple(kept)


@cache
def load_course_pattern(course: str) -> re.Pattern[str]:
    """Read one list of `courses.toml`, such as "chronic", into a pattern that searches folded text for it."""
    stems: list[str] = tomllib.loads(_read("courses.toml"))[course]
    whole = "|".join(re.escape(stem[1:]) for stem in stems if stem.startswith("="))
    begun = "|".join(re.escape(stem).replace(r"\ ", r"\s+") for stem in stems if not stem.startswith("="))
    return re.compile(rf"(?<![^\W_])(?:{begun}|(?:{whole})(?![^\W_]))")


@cache
def hash_cues() -> str:
    """The hash of the cue tables, for the version of the engine that used them."""
    return hash_content(_read("cues.toml").encode(), _read("courses.toml").encode())


def _read_same(rows: dict[str, list[str]]) -> dict[str, list[str]]:
    """Map each word, and each row's name, to its row; a word in two rows would make phrases ambiguous."""
    same = {word: row for row in rows.values() for word in row}
    if len(same) != sum(len(row) for row in rows.values()) or not same.keys() >= rows.keys():
        raise ValueError("each word of [same] belongs to one row, which is named by one of its words")
    if broken := [word for word in same if len(_split(word)) != 1]:
        raise ValueError(f"[same] is for single words: {broken}")
    return same


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _build_cues(group: _Group) -> Iterator[Cue]:
    effect = group["effect"]
    if effect == "none":
        yield Cue(0, Side.BEFORE)
    elif effect == "stop":
        of = [Effect[name.upper()] for name in group.get("of", ["all"])]
        yield Cue(sum(of), Side.STOP)
    else:
        reach = Reach[group["reach"].upper()]
        sides = ("before", "after") if group["side"] == "both" else (group["side"],)
        for side in sides:
            yield Cue(int(Effect[effect.upper()]), Side(side), reach, group.get("breaks", False))


def _expand(template: str) -> Iterator[str]:
    """Yield every phrase that "a (b|c|) d" stands for; a parenthesis without a bar is a parenthesis of the note."""
    parts = [part[1:-1].split("|") if "|" in part else [part] for part in re.split(r"(\([^()]*\|[^()]*\))", template)]
    yield from ("".join(choice) for choice in itertools.product(*parts))


def _split(phrase: str) -> tuple[str, ...]:
    return tuple(filter(None, tokenize(phrase).words))


def _insert(root: _Node, words: Sequence[str], cue: Cue, same: dict[str, list[str]]) -> None:
    node = root
    for word in words:
        child = node.children.get(word) or _Node()
        for member in same.get(word, (word,)):
            node.children[member] = child
        node = child
    if node is root:
        raise ValueError("a cue without words")
    if cue not in (node.cues or ()):
        # An answer first, so that who reads the cues need not look for it.
        node.cues = tuple(sorted((*(node.cues or ()), cue), key=lambda cue: cue.side is not Side.ANSWER))
