"""The terms by key, in compact columns: what a window of words in a note is looked up in.

Place in the flow: built once from `services.coder.engine.terms`, cached by the hashes of the code set and the lexicon.
Invariant: a term's key is the sum of the hashes of its content words, so that word order does not matter; terms with
one key form a chain through `next_term`.
"""

from array import array
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import TypedDict

from services.coder.engine.findings import Source
from services.coder.engine.lexicon import Condition, hash_lexicon, load_lexicon
from services.coder.engine.official_index import hash_official_index, read_official_index
from services.coder.engine.terms import MAX_WORDS, build_terms
from services.coder.engine.tokens import hash_word
from shared.codesets.cache import hash_content, load_or_build
from shared.codesets.icd10cm import CodeSet, load_icd10cm

_CODE_FILES = (
    "terms.py",
    "tokens.py",
    "index.py",
    "words.tsv",
    "qualifiers.tsv",
    "letters.tsv",
    "neoplasms.py",
    "neoplasm_sites.tsv",
    "untrusted.txt",
    "official_index.py",
)
_SOURCES = tuple(Source)


class IndexColumns(TypedDict):
    """One row a term; `condition_of` is the number of the lexicon entry whose condition applies, or -1.

    `pairs` are the sums of any two words of one term: a window that begins with another pair can be given up.
    """

    keys: list[int]
    codes: list[str]
    code_of: list[int]
    qualifiers: list[int]
    sources: list[int]
    orders: list[int]
    linked_rows: list[int]
    ordered_rows: list[int]
    sizes: list[int]
    condition_of: list[int]
    words: list[str]
    capitals: list[str]
    capital_rows: list[int]
    pairs: list[int]


class TermIndex:
    """Answers which terms have a key. Memory: about 60 bytes a term."""

    def __init__(self, columns: IndexColumns, conditions: tuple[Condition | None, ...]) -> None:
        self.codes = columns["codes"]
        self.conditions = conditions
        self.code_of = array("l", columns["code_of"])
        self.qualifiers = array("q", columns["qualifiers"])
        self.sources = bytes(columns["sources"])
        self.orders = array("q", columns["orders"])
        self.condition_of = array("l", columns["condition_of"])
        self.sizes = bytes(columns["sizes"])
        self._linked_rows = frozenset(columns["linked_rows"])
        self._ordered_rows = frozenset(columns["ordered_rows"])
        self._capital_rows = frozenset(columns["capital_rows"])
        self.words = {word: hash_word(word) for word in columns["words"]}
        self.capitals = {form: hash_word("=" + word) for word in columns["capitals"] for form in (word + "s", word)}
        self.pairs = frozenset(columns["pairs"])
        self.first_term: dict[int, int] = {}
        self.next_term = array("l", [-1] * len(columns["keys"]))
        for row in range(len(columns["keys"]) - 1, -1, -1):
            key = columns["keys"][row]
            self.next_term[row] = self.first_term.get(key, -1)
            self.first_term[key] = row

    def __len__(self) -> int:
        return len(self.code_of)

    def chain(self, row: int) -> Iterator[int]:
        """The rows that share `row`'s key, from `row` on."""
        while row >= 0:
            yield row
            row = self.next_term[row]

    def capitals_only(self, row: int) -> bool:
        """Whether the term matches in capitals only."""
        return row in self._capital_rows

    def is_linked(self, row: int) -> bool:
        """Whether an "of" or the like links the term's words."""
        return row in self._linked_rows

    def is_ordered(self, row: int) -> bool:
        """Whether the term's words say it in their order only."""
        return row in self._ordered_rows

    def is_told(self, row: int) -> bool:
        """Whether the term has a condition that asks for something to be there."""
        number = self.condition_of[row]
        condition = self.conditions[number] if number >= 0 else None
        return condition is not None and condition.tells

    def source(self, row: int) -> Source:
        """Where the term came from."""
        return _SOURCES[self.sources[row]]


def order_hash(words: tuple[str, ...]) -> int:
    """A number for the words in this order; equal numbers mean the note has the words as the term has them."""
    value = 0
    for word in words:
        value = extend_order(value, hash_word(word))
    return value


def extend_order(value: int, word_hash: int) -> int:
    """`order_hash` of the words so far and one more."""
    return (value * 31 + word_hash) & 0x3FFFFFFFFFFFFFFF


def build_columns(codes: CodeSet, folder: Path | None = None) -> IndexColumns:
    """All terms as columns; a term that another entry repeats with the same code and qualifiers is kept once."""
    lexicon = load_lexicon()
    official = read_official_index(folder) if folder else ()
    places = {entry.when: n for n, entry in enumerate(lexicon) if entry.when is not None}
    code_number: dict[str, int] = {}
    seen: set[tuple[int, str, int, int]] = set()
    words: set[str] = set()
    capitals: set[str] = set()
    pairs: set[int] = set()
    columns = IndexColumns(
        keys=[],
        codes=[],
        code_of=[],
        qualifiers=[],
        sources=[],
        orders=[],
        linked_rows=[],
        ordered_rows=[],
        sizes=[],
        condition_of=[],
        words=[],
        capitals=[],
        capital_rows=[],
        pairs=[],
    )
    terms = sorted(
        build_terms(codes, lexicon, official),
        key=lambda term: (not codes.is_leaf(term.code.partition(" ")[0]), term.distance),
    )
    for term in terms:
        is_capitals = term.capitals and len(term.words) == 1
        hashed = ("=" + term.words[0],) if is_capitals else term.words
        key = sum(map(hash_word, hashed))
        order = order_hash(hashed)
        identity = (key, term.code, term.qualifiers, order if term.ordered else 0)
        if len(term.words) > MAX_WORDS or (identity in seen and term.source is not Source.LEXICON):
            continue
        seen.add(identity)
        (capitals if is_capitals else words).update(term.words)
        if is_capitals:
            columns["capital_rows"].append(len(columns["keys"]))
        if term.ordered:
            columns["ordered_rows"].append(len(columns["keys"]))
        if term.linked:
            columns["linked_rows"].append(len(columns["keys"]))
        columns["keys"].append(key)
        columns["code_of"].append(code_number.setdefault(term.code, len(code_number)))
        columns["qualifiers"].append(term.qualifiers)
        columns["sources"].append(_SOURCES.index(term.source))
        columns["orders"].append(order)
        columns["sizes"].append(len(term.words))
        columns["condition_of"].append(-1 if term.when is None else places[term.when])
        pairs.update(hash_word(a) + hash_word(b) for a, b in combinations(hashed, 2))
    columns["pairs"] = sorted(pairs)
    columns["codes"], columns["words"], columns["capitals"] = list(code_number), sorted(words), sorted(capitals)
    return columns


@cache
def load_index(folder: Path | None = None) -> TermIndex:
    """The index over the installed release, the lexicon and the official index in `folder`, cached while they stay."""
    codes = load_icd10cm()
    sources = (files(__package__).joinpath(name).read_bytes() for name in _CODE_FILES)
    key = hash_content(
        codes.content_hash.encode(), hash_lexicon().encode(), *sources, hash_official_index(folder).encode()
    )
    columns = load_or_build("engine-terms", key, lambda: build_columns(codes, folder))
    return TermIndex(columns, tuple(entry.when for entry in load_lexicon()))
