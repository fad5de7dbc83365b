"""The lexicon is data that people edit by hand: these tests hold its form, its codes and its unambiguity."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import files
from itertools import pairwise
from pathlib import Path

import pytest

LEXICON = Path(__file__).parents[4] / "services" / "coder" / "engine" / "lexicon"
FILES = sorted(LEXICON.glob("*.tsv"))
CONDITION = re.compile(r"(word|section|not):[^\s,]+(,[^\s,]+)*|sex:(female|male)|age[<>]\d+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a lexicon file: a code, its surface forms, and the conditions under which they are trusted."""

    place: str
    code: str
    terms: tuple[str, ...]
    when: str


def read_entries(path: Path) -> Iterator[Entry]:
    """Read the lines that are neither the header nor a comment."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[1:], start=2):
        if not line.startswith("#"):
            code, terms, when = line.split("\t")
            yield Entry(f"{path.name}:{number}", code, tuple(terms.split("|")), when)


@cache
def all_entries() -> tuple[Entry, ...]:
    """Read every file once for the whole module."""
    return tuple(entry for path in FILES for entry in read_entries(path))


@cache
def tabular_codes() -> frozenset[str]:
    """List every code of the official Tabular, headings included: read from the release file, not from our loader."""
    (release,) = (path for path in files("simple-icd-10-cm") or () if path.suffix == ".xml")
    text = release.read_text("utf-8")
    return frozenset(re.findall(r"<diag[^>]*>\s*<name>([^<]+)</name>", text))


def is_in_tabular(code: str) -> bool:
    """Whether the Tabular lists `code` itself, or the code that its 7th character (with padding X) was added to."""
    base = code[:-1].rstrip("X") if len(code) == len("M1A.9XX0") else code
    return not tabular_codes().isdisjoint({code, base})


def strip_trust(term: str) -> str:
    """Give the words of a term without the mark that it is trusted in capitals only."""
    return term.removeprefix("=")


def test_there_are_files() -> None:
    assert FILES, f"no lexicon in {LEXICON}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_header_and_columns(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "code\tterms\twhen"
    assert [line for line in lines[1:] if not line.startswith("#") and line.count("\t") != 2] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_entries_are_sorted_by_code(path: Path) -> None:
    codes = [entry.code for entry in read_entries(path)]
    assert [(first, second) for first, second in pairwise(codes) if first > second] == []


def test_every_code_is_in_the_tabular() -> None:
    assert [(entry.place, entry.code) for entry in all_entries() if not is_in_tabular(entry.code)] == []


def test_terms_are_clean() -> None:
    """No blanks at the ends, no doubled blanks, nothing empty; lower case unless the capitals are the point."""
    faulty = [
        (entry.place, term)
        for entry in all_entries()
        for term in entry.terms
        if not strip_trust(term)
        or strip_trust(term) != " ".join(strip_trust(term).split())
        or (term == strip_trust(term) and term != term.lower())
        or (term != strip_trust(term) and term == term.lower())
    ]
    assert faulty == []


def test_conditions_are_understood() -> None:
    """A condition that the matcher cannot read would silently trust an ambiguous term everywhere."""
    faulty = [
        (entry.place, condition)
        for entry in all_entries()
        for condition in entry.when.split()
        if not CONDITION.fullmatch(condition)
    ]
    assert faulty == []


def test_no_term_means_two_codes_under_the_same_condition() -> None:
    meaning: dict[tuple[str, str], Entry] = {}
    clashes = []
    for entry in all_entries():
        for term in entry.terms:
            first = meaning.setdefault((term, entry.when), entry)
            if first is not entry:
                clashes.append((term, first.place, first.code, entry.place, entry.code))
    assert clashes == []


def test_no_term_is_repeated_in_its_entry() -> None:
    assert [entry.place for entry in all_entries() if len(set(entry.terms)) < len(entry.terms)] == []
