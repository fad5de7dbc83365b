"""docs/codesets.md tells of every kind where its file comes from, and what its entries hold."""

import re
from pathlib import Path

from services.codesets.references import find_kinds
from shared.codesets.kinds import KINDS

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "codesets.md").read_text("utf-8")
WHERE = TEXT[TEXT.index("## Where to get each file") : TEXT.index("## Tables without an official layout")]


def test_a_newcomer_is_told_where_each_file_comes_from() -> None:
    told = {
        name for row in re.findall(r"^\| (`.*?`) \|", WHERE, re.MULTILINE) for name in re.findall(r"`([\w-]+)`", row)
    }
    assert told == set(KINDS)


def test_the_kinds_and_families_that_are_named_exist() -> None:
    commands = re.findall(r"chartline codesets (?:load|impact) ([\w-]+)", TEXT)
    assert commands
    assert all(find_kinds(name) for name in commands)
