"""Reads the official ICD-10-CM Tabular List XML into flat rows; `shared.codesets.icd10cm` gives them meaning.

The format is the one CMS and NCHS publish each April and October (`icd10c-tabular-*.xml`). Invariant: rows come in
tabular order, a parent before its children; nothing is inherited and no note is interpreted here.
"""

import importlib.util
from io import BytesIO
from pathlib import Path
from typing import TypedDict
from xml.etree.ElementTree import Element, iterparse

_NOTES = {
    "includes": "includes",
    "inclusionTerm": "inclusion",
    "excludes1": "excludes1",
    "excludes2": "excludes2",
    "useAdditionalCode": "use_additional",
    "codeFirst": "code_first",
    "codeAlso": "code_also",
    "notes": "notes",
}


class TabularRows(TypedDict):
    """Columns over the nodes of the Tabular List: chapters, blocks, categories and codes before the 7th character.

    `names` are dotted codes, block ids ("A00-A09") or chapter numbers ("1"); `parents` are indices, -1 at a chapter;
    `notes` and `sevenths` are keyed by name; a 7th-character table maps the character to its meaning.
    """

    release: str
    names: list[str]
    titles: list[str]
    parents: list[int]
    notes: dict[str, dict[str, list[str]]]
    sevenths: dict[str, dict[str, str]]


def find_packaged_tabular() -> Path:
    """The Tabular XML that simple-icd-10-cm carries, found without importing the package (its import parses it)."""
    spec = importlib.util.find_spec("simple_icd_10_cm")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package simple-icd-10-cm, which carries the Tabular List, is not installed")
    return max((Path(spec.origin).parent / "data").glob("icd10c-tabular-*.xml"))


def parse_tabular(content: bytes) -> TabularRows:
    """Parse a Tabular List XML; raises `xml.etree.ElementTree.ParseError` when it is not well-formed."""
    rows = TabularRows(release="", names=[], titles=[], parents=[], notes={}, sevenths={})
    # The file is the one the user installed or named, never a received document.
    for _, element in iterparse(BytesIO(content), events=("end",)):  # noqa: S314
        if element.tag == "version":
            rows["release"] = f"FY{(element.text or '').strip()}"
        elif element.tag == "chapter":
            _add_node(rows, element, -1)
            element.clear()
    return rows


def _add_node(rows: TabularRows, element: Element, parent: int) -> None:
    block = element.get("id")
    # A block of one category has that category's own name as its id.
    name = f"{block}-{block}" if block and "-" not in block else block or _line(element.find("name"))
    index = len(rows["names"])
    rows["names"].append(name)
    rows["titles"].append(_line(element.find("desc")))
    rows["parents"].append(parent)
    notes: dict[str, list[str]] = {}
    for child in element:
        if child.tag in _NOTES:
            notes.setdefault(_NOTES[child.tag], []).extend(_line(note) for note in child.findall("note"))
        elif child.tag == "sevenChrDef":
            rows["sevenths"][name] = {e.get("char", ""): _line(e) for e in child.findall("extension")}
        elif child.tag in {"section", "diag"}:
            _add_node(rows, child, index)
    if notes:
        rows["notes"][name] = notes


def _line(element: Element | None) -> str:
    return " ".join((element.text or "").split()) if element is not None else ""
