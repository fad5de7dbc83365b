"""Reads text as tokens of meaning: the same token for every spelling, plural and equivalent of a word.

Place in the flow: terms (`services.coder.engine.terms`) and notes (`services.coder.engine.recognise`) are read by the
same `Reader`, so that whatever it makes equal, matches. Invariant: token offsets are offsets into the given text;
normalising looks at one token at a time and never moves an offset.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from importlib.resources import files
from typing import NamedTuple

WORD = re.compile(r"[^\W_]+(?:['’][a-zA-Z]{1,2}\b)?")
_STOP_WORDS = (
    "of the a an in on to by for and or with her his their its this that at from as into per my your our who due "
    "unspecified nos nec classified elsewhere part site sites side sided"
)
_STOP = frozenset(_STOP_WORDS.split())


class Qualifier(NamedTuple):
    """A refining word: its axis ("laterality"), and its bit in a set of qualifiers."""

    axis: str
    word: str
    bit: int


@dataclass(frozen=True, slots=True)
class Qualifiers:
    """The refining words: by each of their forms, and which bits the classification assumes in a silent text."""

    by_form: dict[str, Qualifier]
    default_bits: int
    noise_bits: int
    axis_bits: dict[str, int]

    def words(self, bits: int) -> tuple[str, ...]:
        """The words of a set, in table order."""
        return tuple(dict.fromkeys(q.word for q in self.by_form.values() if q.bit & bits))


def read_table(name: str) -> Iterator[list[str]]:
    """The rows of a tab-separated table of this package, without comments and the heading line."""
    lines = files(__package__).joinpath(name).read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and line[0] != "#"]
    yield from rows[1:]


@cache
def load_qualifiers() -> Qualifiers:
    """Read `qualifiers.tsv`."""
    by_form: dict[str, Qualifier] = {}
    axis_bits: dict[str, int] = {}
    default_bits = noise_bits = 0
    for number, (axis, word, forms, role) in enumerate(read_table("qualifiers.tsv")):
        qualifier = Qualifier(axis, word, 1 << number)
        axis_bits[axis] = axis_bits.get(axis, 0) | qualifier.bit
        default_bits |= qualifier.bit if role == "default" else 0
        noise_bits |= qualifier.bit if role == "noise" else 0
        by_form.update((fold_word(form), qualifier) for form in forms.split("|") if "-" not in form)
    return Qualifiers(by_form, default_bits, noise_bits, axis_bits)


@cache
def _load_equivalents() -> dict[str, str]:
    return {
        fold_word(form): fold_word(word)
        for word, forms in read_table("words.tsv")
        for form in forms.split("|")
        if fold_word(form) != fold_word(word)
    }


_LETTERS = frozenset("aAbB")


@cache
def _load_letters() -> dict[str, frozenset[str]]:
    """The words beside which a letter names a type, by where the letter stands."""
    places: dict[str, set[str]] = {"after": set(), "before": set()}
    for word, place in read_table("letters.tsv"):
        places[place].add(canonical(word))
    return {place: frozenset(words) for place, words in places.items()}


def find_types(words: Sequence[str]) -> list[int]:
    """Where a letter that is an article or a side elsewhere names a type: "hepatitis A", "B cell"."""
    return [at for at, word in enumerate(words) if word in _LETTERS and is_type(words, at)]


def is_type(words: Sequence[str], at: int) -> bool:
    """Whether the letter at `at` stands beside a word that is divided into lettered types."""
    places = _load_letters()
    return (at > 0 and canonical(words[at - 1]) in places["after"]) or (
        at + 1 < len(words) and canonical(words[at + 1]) in places["before"]
    )


def find_qualifier(word: str) -> Qualifier | None:
    """The refining word that `word` is a form of; a possessive is none: "Sever's disease" is not severe."""
    return None if "'" in word or "’" in word else load_qualifiers().by_form.get(fold_word(word))


def fold_word(word: str) -> str:
    """Lower case without accents, possessive, British digraphs and plural: "Haemorrhages" and "hemorrhage" agree."""
    if not word.isascii():
        word = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    if len(word) > 2 and word[-1] == "s" and word[:-1].isupper():
        word = word[:-1]
    word = word.lower()
    if "'" in word or "’" in word:
        word = word.replace("’", "'").split("'")[0]
    if len(word) < 4 or word.isdigit():
        return word
    if len(word) > 5:
        word = word.replace("ooe", "oe").replace("ae", "e").replace("oe", "e") if not word.endswith("ae") else word[:-1]
    return _fold_ending(word)


def _fold_ending(word: str) -> str:
    if word.endswith("ies") and len(word) > 5:
        return word[:-3] + "y"
    if word.endswith("sis") or (word.endswith("us") and len(word) > 5):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    if word.endswith("e") and len(word) > 4:
        word = word[:-1]
    return word


@cache
def hash_word(word: str) -> int:
    """A fixed 60-bit number for a folded word; the sum of a term's numbers is its key, whatever the word order."""
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 4 | 1


@lru_cache(maxsize=65_536)
def canonical(word: str) -> str:
    """The word that stands for `word` and all its forms."""
    folded = fold_word(word)
    return _load_equivalents().get(folded, folded)


def is_stop(word: str) -> bool:
    """Whether `word` carries no meaning for matching."""
    return word.lower() in _STOP


class TermTokens(NamedTuple):
    """A term as the index stores it: content words in order, qualifiers as bits, whether "of" or a comma links them."""

    words: tuple[str, ...]
    qualifiers: int
    linked: bool = False


def read_term(term: str) -> TermTokens:
    """Read a term of the classification or the lexicon."""
    words: list[str] = []
    bits, linked = 0, False
    raws = WORD.findall(term)
    types = find_types(raws)
    for at, raw in enumerate(raws):
        if at in types:
            words.append(canonical(raw))
        elif is_stop(raw):
            linked = linked or bool(words)
        elif qualifier := find_qualifier(raw):
            bits |= qualifier.bit
        else:
            words.append(canonical(raw))
    return TermTokens(tuple(words), bits, linked or "," in term)


@lru_cache(maxsize=50_000)
def read_words(term: str) -> tuple[str, ...]:
    """The content words of a term; kept, since the terms of notes repeat."""
    return read_term(term).words
