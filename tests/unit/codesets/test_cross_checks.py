"""What we know without a file, or read from one, agrees with what others made of the same official files."""

import csv
import io
import json
import os
import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.claims.edits import MedicareCodeEditor
from shared.codesets.entry import FileRefused
from shared.codesets.icd10cm import dot_code
from shared.codesets.kinds import KINDS, System
from shared.codesets.opening import read_release
from shared.codesets.packaged import packaged_shelves

FOLDER = Path(os.environ.get("CHARTLINE_CODESETS", Path(__file__).resolve().parents[4] / "shared" / "codesets"))
MADE_OF = date(2026, 3, 1)
"""Their list is that of October 2025; the editor of April 2026 has taken five codes out of it."""
CODE = re.compile(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?")
NOTICE = "A notice of the AMA\nof several lines"
HEADING = ("HCPCS/\nCPT Code", "Practitioner Services MUE Values", "MUE Adjudication Indicator", "MUE Rationale")

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not FOLDER.exists(), reason="the official files are not here"),
]


# The members of others' JSON differ by file.
def load(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


def write_units(rows: list[dict[str, Any]]) -> bytes:
    """The rows in the official layout: one field holds the indicator and its label."""
    out = io.StringIO()
    official = ((row["code"], row["mue_value"], *row["description"].split("|", 1)) for row in rows)
    csv.writer(out).writerows([(NOTICE, "", "", ""), HEADING, *official])
    return out.getvalue().encode("latin-1")


def test_units_in_the_official_layout_read_as_others_read_them(tmp_path: Path) -> None:
    rows = load("mue/mue_practitioner_HCPCS_L2_only_2026Q2.json")
    path = tmp_path / rows[0]["source_file"]
    path.write_bytes(write_units(rows))
    entries = read_release(KINDS["ncci-mue"], path, excerpt=True).reading.entries
    ours = [(each.code, each.facts["units"], each.facts["indicator"]) for each in entries]
    assert ours == [(row["code"], row["mue_value"], row["description"][0]) for row in rows]


def test_a_row_of_units_that_is_cut_is_refused_with_its_line(tmp_path: Path) -> None:
    rows = load("mue/mue_practitioner_HCPCS_L2_only_2026Q2.json")
    path = tmp_path / rows[0]["source_file"]
    path.write_bytes(write_units(rows)[:-40])
    with pytest.raises(FileRefused) as refused:
        read_release(KINDS["ncci-mue"], path, excerpt=True)
    assert refused.value.line


def test_the_places_of_service_are_theirs_and_the_three_that_they_miss() -> None:
    theirs = load("pos/pos_codes.json")["codes"].keys()
    (ours,) = (shelf for shelf in packaged_shelves() if shelf.system is System.PLACE)
    assert ours.lines.keys() - theirs == {"27", "58", "66"}
    assert theirs - ours.lines.keys() == set()


@pytest.mark.parametrize(
    ("listed", "edit"),
    [("manifestation_not_pdx", "MANIFESTATION_AS_PDX"), ("unacceptable_pdx", "UNACCEPTABLE_PDX")],
)
def test_the_code_editor_objects_to_what_its_manual_lists(listed: str, edit: str) -> None:
    codes = [dot_code(row["code"]) for row in load("mce/mce_edits.json")["codes"][listed]]
    with MedicareCodeEditor() as editor:
        silent = [code for code in codes if edit not in (editor.objections_to(code, MADE_OF) or ())]
    assert silent == []


def test_the_exempt_codes_are_what_the_lists_of_changes_leave() -> None:
    path = FOLDER / "poa/POAexemptCodesFY26.zip"
    exempt = {entry.code for entry in read_release(KINDS["poa-exempt"], path).reading.entries}
    added, deleted = (list_changed(path, name) for name in ("Add", "Delete"))
    assert len(added) > len(deleted) > 0
    assert added <= exempt
    assert deleted.isdisjoint(exempt)


def list_changed(path: Path, what: str) -> set[str]:
    """The codes of one of the zip's lists of changes, whose columns, by tabs, differ from list to list."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read(f"POAexempt{what}CodesFY26.txt").decode("latin-1")
    cells = (cell for line in text.splitlines() for cell in line.split("\t")[:2])
    return {dot_code(cell) for cell in cells if CODE.fullmatch(cell)}
