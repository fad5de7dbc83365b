"""Terms from the official Alphabetic Index and its tables of neoplasms, drugs and external causes, for who has them.

Place in the flow: `services.coder.engine.terms` reads these after its own terms, which are trusted first. The files are
found in one folder by the names that NCHS gives them and read by `shared.codesets.readers`. Invariant: a phrase names a
node of the release, or two where the index has a pair; a code that ends in "-" is the node it stands for, and the
caller finds its leaf.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from services.coder.engine.neoplasms import PHRASES
from services.coder.engine.tokens import read_term
from shared.codesets.cache import hash_content
from shared.codesets.entry import Entry, SourceFile
from shared.codesets.kinds import KINDS, Kind

Phrase = tuple[str, str]
"""A dotted code or category, or an etiology and its manifestation with a space between them, and words that name it."""

_KINDS = ("icd10cm-index", "icd10cm-external-cause", "icd10cm-neoplasm", "icd10cm-drug")
_BEHAVIOURS = {
    "Malignant Primary": PHRASES["malignant"][:4],
    "Malignant Secondary": PHRASES["secondary"][:3],
    "Ca in situ": PHRASES["in_situ"],
    "Benign": PHRASES["benign"][:2],
    "Uncertain Behavior": PHRASES["uncertain"],
    "Unspecified Behavior": PHRASES["unspecified"][:2],
}
_EFFECTS = {
    "Poisoning Accidental (unintentional)": ("{} poisoning", "{} overdose"),
    "Poisoning Intentional self-harm": ("intentional {} overdose", "intentional {} poisoning"),
    "Adverse effect": ("adverse effect, {}", "adverse reaction, {}"),
    "Underdosing": ("underdosing, {}",),
}
_BROAD = re.compile(r"(?i)\bspecified\b|\bcondition\b|\bby type\b")
_CIRCUMSTANCES = ("Y92", "Y93", "Y99")
_STEM = 4
_MAX_STEPS = 3


def find_index_files(folder: Path) -> list[tuple[Kind, Path]]:
    """The index files in `folder`, in the order of their kinds and names; raises FileNotFoundError when it has none."""
    names = sorted(path for path in folder.iterdir() if path.is_file())
    found = [(KINDS[kind], path) for kind in _KINDS for path in names if KINDS[kind].matches(path.name)]
    if not found:
        raise FileNotFoundError(f"{folder} has no Alphabetic Index and none of its tables")
    return found


@cache
def hash_official_index(folder: Path | None) -> str:
    """The hash of the files' content; empty without a folder."""
    return hash_content(*(path.read_bytes() for _, path in find_index_files(folder))) if folder else ""


def read_official_index(folder: Path) -> Iterator[Phrase]:
    """All phrases of the files in `folder`; raises FileRefused for a file that is not what its name says."""
    for kind, path in find_index_files(folder):
        entries = list(kind.read_source(SourceFile(path.name, path.read_bytes(), excerpt=True)).entries)
        if kind.name == "icd10cm-neoplasm":
            yield from compose(entries, _BEHAVIOURS, skip=1)
        elif kind.name == "icd10cm-drug":
            yield from compose(entries, _EFFECTS, skip=0)
        else:
            yield from spell_out(entries, causes=kind.name == "icd10cm-external-cause")


def compose(entries: Sequence[Entry], columns: dict[str, tuple[str, ...]], *, skip: int) -> Iterator[Phrase]:
    """Phrases from the rows of a table: its sites or substances, as each column's pattern says them."""
    for entry in entries:
        patterns = columns.get(str(entry.facts["column"]), ()) if entry.code else ()
        words = " ".join(join_path(entry.title)[skip:])
        if words and not _BROAD.search(entry.title):
            yield from ((entry.code.rstrip("-."), pattern.format(words)) for pattern in patterns)


def spell_out(entries: Sequence[Entry], *, causes: bool) -> Iterator[Phrase]:
    """Phrases from paths of terms, with each of their nonessential modifiers, and from what "see" leads to.

    A cause is told by two words at least, and a place or an activity by none: their titles are no clinician's.
    """
    codes = {_key(entry.title): _name_nodes(entry) for entry in reversed(entries) if entry.code}
    targets = {_key(entry.title): str(entry.facts["to"]) for entry in entries if "refers" in entry.facts}
    for entry in entries:
        code = _name_nodes(entry) or follow(_key(entry.title), codes, targets)
        if not code or _BROAD.search(entry.title) or (causes and code.startswith(_CIRCUMSTANCES)):
            continue
        words = ", ".join(join_path(entry.title))
        if not causes or len(read_term(words).words) > 1:
            yield code, words
            yield from ((code, f"{words}, {each}") for each in _optional(entry))


def _name_nodes(entry: Entry) -> str:
    """The node that an entry leads to, and after a space that of its manifestation; empty for a reference."""
    named = (entry.code, str(entry.facts.get("manifestation", "")))
    return " ".join(code.rstrip("-.") for code in named if code)


def follow(key: str, codes: dict[str, str], targets: dict[str, str]) -> str | None:
    """The code that a term without one is sent to by "see"; None where that has none, or is a table or a category."""
    for _ in range(_MAX_STEPS):
        if key in codes:
            return codes[key]
        if key not in targets:
            return None
        key = _key(targets[key])
    return None


def join_path(title: str) -> list[str]:
    """The parts of a path without those that only vary one before: "Abdomen, abdominal, acute" is an acute abdomen."""
    parts: list[str] = []
    for part in title.split(", "):
        stem = part[:_STEM].lower() if " " not in part else ""
        if len(stem) < _STEM or not any(known.lower().startswith(stem) for known in parts):
            parts.append(part)
    return parts


def _key(title: str) -> str:
    """What two titles that name one entry share: their content words and their refining words."""
    words, qualifiers, _ = read_term(", ".join(join_path(title)))
    return f"{qualifiers} {' '.join(sorted(words))}"


def _optional(entry: Entry) -> Iterator[str]:
    modifiers = entry.facts.get("optional", ())
    if not isinstance(modifiers, str | int):
        yield from (words for each in modifiers for words in re.findall(r"\(([^()]+)\)", each))
