"""Our own lexicon: the words clinicians and patients use, with their codes, as tab-separated files in this folder.

Place in the flow: `services.coder.engine.index` reads it beside the classification's own terms. Each file has the
columns `code`, `terms` (separated by `|`; `=MS` matches in capitals only) and `when` (the context in which an ambiguous
term is trusted). Invariant: a row that does not parse raises `LexiconError`; nothing is skipped in silence.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from services.coder.engine.lexicon.conditions import Condition, LexiconError, parse_condition
from shared.codesets.cache import hash_content

__all__ = ["Condition", "LexiconEntry", "LexiconError", "hash_lexicon", "load_lexicon", "parse_lexicon"]

_COLUMNS = ["code", "terms", "when"]


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    """One line: a dotted code or category, its surface forms, and the condition under which they are trusted."""

    code: str
    terms: tuple[str, ...]
    when: Condition | None
    origin: str


@cache
def _read_files() -> dict[str, str]:
    folder = files(__package__)
    found = sorted((f.name, f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".tsv"))
    return dict(found)


@cache
def hash_lexicon() -> str:
    """The hash of the lexicon's whole content."""
    return hash_content(*(part.encode() for item in _read_files().items() for part in item))


@cache
def load_lexicon() -> tuple[LexiconEntry, ...]:
    """All entries, in file and line order."""
    return tuple(entry for name, text in _read_files().items() for entry in parse_lexicon(name, text))


def parse_lexicon(name: str, text: str) -> tuple[LexiconEntry, ...]:
    """Parse one file; raises LexiconError with the file and line of the first row that is wrong."""
    entries = []
    for number, line in enumerate(text.splitlines(), 1):
        columns = line.rstrip().split("\t")
        if not line.strip() or line.startswith("#") or columns[:3] == _COLUMNS:
            continue
        origin = f"{name}:{number}"
        if not 2 <= len(columns) <= 3 or not columns[0] or not columns[1]:
            raise LexiconError(f"{origin}: expected the columns {', '.join(_COLUMNS)}")
        when = parse_condition(columns[2], origin) if len(columns) == 3 and columns[2] else None
        terms = tuple(dict.fromkeys(term.strip() for term in columns[1].split("|") if term.strip()))
        entries.append(LexiconEntry(columns[0].strip(), terms, when, origin))
    return tuple(entries)
