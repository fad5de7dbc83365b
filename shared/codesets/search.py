"""Type-ahead search over titles and terms: words in any order, unfinished, or with a slip of the fingers.

Place in the flow: `library` builds an index of the releases in force on a day. Invariant: a result has every word of
the question, each as it is, as a beginning, or nearly; when no term has them all, results have all but one.
"""

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

_WORD = re.compile(r"[a-z0-9]+(?:\.[0-9a-z]+)?")
_EXACT, _PREFIX, _NEAR = 20, 16, 12
_A_SLIP = 4
_STEM = 7
"""Slips are looked for in this many first letters; the rest of a word is compared afterwards."""
_SHORTEST_NEAR = 4
_MOST_WORDS, _MOST_CHARACTERS = 8, 120
_ALONE, _MOST_FIRST, _LEAST_A_WORD = 5_000, 8_000, 20
"""How many terms of the rarest word are looked at, alone and with others, and at least of each word it can mean."""
_SILENT = frozenset({"unspecified", "nos", "of", "and", "the", "organism", "site"})
_FEW = 8
"""Below this many times the candidates so far, postings are intersected; above it, the candidates' words are asked."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words that lead to `code` of `system`."""

    system: str
    code: str
    text: str


def split_words(text: str) -> list[str]:
    """Words in lower case without accents; codes stay whole."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _WORD.findall(text.lower())


class SearchIndex:
    """An inverted index over terms, in memory. Shorter terms have lower numbers, and come first among equals."""

    def __init__(self, terms: Iterable[Term]) -> None:
        pairs = sorted(((split_words(term.text), term) for term in terms), key=_measure)
        self.terms = [term for _, term in pairs]
        postings: dict[str, array[int]] = {}
        for number, (words, _) in enumerate(pairs):
            for word in dict.fromkeys(words):
                postings.setdefault(word, array("I")).append(number)
        self._words = sorted(postings)
        self._postings = [postings[word] for word in self._words]
        ids = {word: number for number, word in enumerate(self._words)}
        self._term_words = [array("I", [ids[word] for word in words]) for words, _ in pairs]
        self._near = _index_slips(self._words)

    def search(self, question: str, *, limit: int, accept: Callable[[Term], bool] = lambda _: True) -> list[Term]:
        """The best `limit` terms that `accept` takes, one for each code."""
        words = split_words(question[:_MOST_CHARACTERS])[:_MOST_WORDS]
        meanings = [self._find_words(word, last=at == len(words) - 1) for at, word in enumerate(words)]
        if not meanings:
            return []
        scores = self._match(meanings) or self._match(meanings, most=None)
        if not scores and len(meanings) > 1:
            left_out = (meanings[:at] + meanings[at + 1 :] for at in range(len(meanings)))
            scores = next((found for found in map(self._match, left_out) if found), {})
        return self._choose(scores, limit, accept)

    def _choose(self, scores: dict[int, int], limit: int, accept: Callable[[Term], bool]) -> list[Term]:
        """The best scores first; among equals the shortest terms, which have the lowest numbers."""
        equals: dict[int, list[int]] = {}
        for number, score in scores.items():
            equals.setdefault(score, []).append(number)
        chosen: dict[tuple[str, str], Term] = {}
        for number in chain.from_iterable(sorted(equals[score]) for score in sorted(equals, reverse=True)):
            term = self.terms[number]
            if (term.system, term.code) not in chosen and accept(term):
                chosen[term.system, term.code] = term
                if len(chosen) == limit:
                    break
        return list(chosen.values())

    def _find_words(self, word: str, *, last: bool) -> dict[int, int]:
        """The words of the index that `word` can mean, with how well."""
        found = dict.fromkeys(self._starting_with(word), _PREFIX) if last or len(word) >= _SHORTEST_NEAR else {}
        at = bisect_left(self._words, word)
        if at < len(self._words) and self._words[at] == word:
            found[at] = _EXACT
        if found or len(word) < _SHORTEST_NEAR:
            return found
        dotted = dict.fromkeys(self._starting_with(f"{word[:3]}.{word[3:]}"), _PREFIX)
        return dotted or {other: _NEAR - _A_SLIP * (slips - 1) for other, slips in self._near_to(word)}

    def _starting_with(self, word: str) -> range:
        return range(bisect_left(self._words, word), bisect_left(self._words, word + "\uffff"))

    def _near_to(self, word: str) -> Iterator[tuple[int, int]]:
        """Words that differ by a slip or, when they are long, two; with the number of slips."""
        most = 1 if len(word) <= _STEM else 2
        candidates = set(chain.from_iterable(self._near.get(stem, ()) for stem in _delete_one(word[:_STEM])))
        for number in candidates:
            other = self._words[number]
            slips = min(_distance(word, other, most), _distance(word, other[: len(word)], most))
            if slips <= most:
                yield number, max(slips, 1)

    def _match(self, meanings: Sequence[dict[int, int]], most: int | None = _MOST_FIRST) -> dict[int, int]:
        """Numbers of the terms that have every meaning, with scores; of the rarest about `most` are looked at."""
        sizes = [sum(len(self._postings[word]) for word in meaning) for meaning in meanings]
        order = sorted(range(len(meanings)), key=sizes.__getitem__)
        scores = self._gather(meanings[order[0]], _ALONE if len(order) == 1 else most)
        for at in order[1:]:
            if sizes[at] < _FEW * len(scores):
                more = self._gather(meanings[at])
                scores = {number: score + more[number] for number, score in scores.items() if number in more}
            else:
                scores = self._ask(scores, meanings[at])
        return scores

    def _gather(self, meaning: dict[int, int], most: int | None = None) -> dict[int, int]:
        """Numbers of the terms that have the meaning; with `most`, about so many of the best and shortest."""
        scores: dict[int, int] = {}
        chosen = sorted(meaning, key=lambda word: (-meaning[word], len(self._words[word])))
        if most is not None:
            each = max(most // max(len(chosen), 1), _LEAST_A_WORD)
            chosen = chosen[: most // _LEAST_A_WORD]
        for word in reversed(chosen):
            # The best meaning comes last and stays.
            postings = self._postings[word]
            scores.update(dict.fromkeys(postings if most is None else postings[:each], meaning[word]))
        return scores

    def _ask(self, scores: dict[int, int], meaning: dict[int, int]) -> dict[int, int]:
        """Of many postings it is cheaper to ask the few candidates for their words."""
        none_of = meaning.keys().isdisjoint
        hits = [number for number in scores if not none_of(self._term_words[number])]
        return {
            number: scores[number] + max(meaning.get(word, 0) for word in self._term_words[number]) for number in hits
        }


def _measure(pair: tuple[list[str], Term]) -> tuple[int, str]:
    """How long a term is to a reader: codes and what says nothing do not count."""
    words, term = pair
    return sum(word not in _SILENT and not word[-1].isdigit() for word in words), term.text


def _index_slips(words: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Words by every stem that one deleted letter leaves: two words with a stem in common are one slip apart."""
    found: dict[str, list[int]] = {}
    for number, word in enumerate(words):
        if len(word) >= _SHORTEST_NEAR - 1 and word.isalpha():
            for stem in _delete_one(word[:_STEM]):
                found.setdefault(stem, []).append(number)
    return {stem: tuple(numbers) for stem, numbers in found.items()}


def _delete_one(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _distance(one: str, other: str, most: int) -> int:
    """Optimal string alignment distance: insertions, deletions, substitutions and swapped neighbours; capped."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        before, above, row = above, row, [i]
        for j, other_letter in enumerate(other, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != other_letter))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == other_letter:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
