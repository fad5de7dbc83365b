"""What Chartline knows with nothing loaded: ICD-10-CM, places of service, and common services in our own wording.

Invariant: no descriptor of CPT is here. A number is a fact; the words in `data/services.tsv` are ours.
"""

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from shared.codesets.book import EVER, Line, Shelf
from shared.codesets.cache import hash_content
from shared.codesets.icd10cm import NoteKind, load_icd10cm
from shared.codesets.kinds import System
from shared.codesets.snapshot import load_lines

_TABLES = {System.CPT: "services.tsv", System.PLACE: "places.tsv"}


@cache
def packaged_shelves() -> tuple[Shelf, ...]:
    """The shelves that come with Chartline; each answers for every day that no loaded release answers for."""
    return (_diagnoses(), *(_table(system, name) for system, name in _TABLES.items()))


def _diagnoses() -> Shelf:
    """Every node of the release, so that a code that was divided since is found again."""
    codes = load_icd10cm()
    key = f"packaged-{codes.content_hash}"
    return Shelf(key, System.ICD10CM, codes.release, EVER, load_lines(key, lambda: dict(_name_nodes())), packaged=True)


def _name_nodes() -> Iterator[tuple[str, Line]]:
    codes = load_icd10cm()
    billable = list(codes.billable_codes())
    for code in billable:
        yield code, Line(codes.title(code), terms=codes.notes(codes.node_of(code), NoteKind.INCLUSION))
    for node in codes.nodes():
        if not codes.is_billable(node):
            yield node, Line(codes.title(node), billable=False)


def _table(system: System, name: str) -> Shelf:
    content = (files("shared.codesets") / "data" / name).read_text("utf-8")
    rows = csv.DictReader((line for line in content.splitlines() if not line.startswith("#")), delimiter="\t")
    lines = {row["code"]: Line(row["title"], terms=[t for t in row["terms"].split("|") if t]) for row in rows}
    return Shelf(f"packaged-{hash_content(content.encode())}", system, "packaged", EVER, lines, packaged=True)
