"""The tables name codes that exist, and agree with the release that they are used with."""

from pathlib import Path

import pytest

from services.coder.engine.conventions import tables
from services.coder.engine.conventions.combination import Combination, load_combinations
from services.coder.engine.conventions.tables import PrefixMap, load_prefix_map, read_table
from shared.codesets.icd10cm import load_icd10cm
from tests.unit.coder.engine.conventions.conftest import build_chart

CODES = load_icd10cm()
NODES = tuple(CODES.nodes())
HISTORIES = ("personal_history.tsv", "family_history.tsv")


def unknown(prefixes: str) -> list[str]:
    return [prefix for prefix in prefixes.split() if not any(node.startswith(prefix) for node in NODES)]


@pytest.mark.parametrize(
    "table",
    [
        *HISTORIES,
        "integral.tsv",
        "subsumed.tsv",
        "sequence.tsv",
        "combinations.tsv",
        "pregnancy.tsv",
        "therapies.tsv",
        "companions.tsv",
        "links.tsv",
    ],
)
def test_every_prefix_exists(table: str) -> None:
    columns = {
        "conditions",
        "symptoms",
        "diseases",
        "codes",
        "by",
        "first",
        "then",
        "base",
        "with",
        "absorbs",
        "complicating",
    }
    assert not [u for row in read_table(table) for column in columns & row.keys() for u in unknown(row[column])]


@pytest.mark.parametrize("table", HISTORIES)
def test_every_history_is_billable(table: str) -> None:
    assert not [code for _, code in load_prefix_map(table).items() if not CODES.is_billable(code)]


@pytest.mark.parametrize("table", ["integral.tsv", "subsumed.tsv"])
def test_no_code_gives_way_to_itself(table: str) -> None:
    columns = [tuple(cell.split() for cell in row.values()) for row in read_table(table)]
    pairs = [(a, b) for given, taken in columns for a in given for b in taken]
    assert not [(a, b) for a, b in pairs if a.startswith(b) or b.startswith(a)]


def leaves(prefix: str) -> list[str]:
    return [node for node in NODES if node.startswith(prefix) and CODES.is_leaf(node)]


@pytest.mark.parametrize("row", load_combinations(), ids=lambda row: f"{row.base[0]}+{row.other[0]}={row.result}")
def test_every_combination_is_billable(row: Combination) -> None:
    findings, _ = build_chart([*(leaves(prefix)[0] for prefix in (*row.base, *row.other))])
    bases, others = findings[: len(row.base)], findings[len(row.base) :]
    results = {row.name_result(base, other) for base in bases for other in others}
    assert all(CODES.is_billable(code) for code in results), results


def test_every_subcategory_of_pregnancy_has_trimesters() -> None:
    for row in read_table("pregnancy.tsv"):
        titles = " ".join(CODES.title(leaf) for leaf in CODES.leaves(row["complicating"]))
        assert all(f"{which} trimester" in titles for which in ("first", "second", "third", "unspecified"))


def test_the_longest_prefix_wins() -> None:
    found = PrefixMap({"C57": "a", "C57.0": "b"})
    assert [found.get("C57.01"), found.get("C57.1"), found.get("C5")] == ["b", "a", None]


def test_groups_stand_for_their_codes() -> None:
    row = next(row for row in read_table("combinations.tsv") if row["result"] == "{category}.22")
    assert row["base"] == "E08 E09 E10 E11 E13"


def test_the_hash_of_the_tables_follows_their_content(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("one")
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    first = tables.hash_tables.__wrapped__()
    (tmp_path / "a.tsv").write_text("two")
    assert tables.hash_tables.__wrapped__() != first
