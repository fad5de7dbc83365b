"""The manual of the Medicare Code Editor, on a made-up text of its layout, and on the lists that others made of it."""

import json
import os
from pathlib import Path

import pytest

from shared.codesets.entry import FileRefused, Reading, SourceFile
from shared.codesets.icd10cm import dot_code
from shared.codesets.kinds import KINDS
from tests.builders import official_files as files

FOLDER = Path(os.environ.get("CHARTLINE_CODESETS", Path(__file__).resolve().parents[4] / "shared" / "codesets"))
NAME = "Definitions of Medicare Code Edits_v_99_1.txt"
OTHERS = {
    "age_newborn": ("4. Age conflict", "A. Perinatal/Newborn diagnoses"),
    "age_pediatric": ("4. Age conflict", "B. Pediatric diagnoses (age 0 through 17)"),
    "age_maternity": ("4. Age conflict", "C. Maternity diagnoses (age 9 through 64)"),
    "age_adult": ("4. Age conflict", "D. Adult diagnoses (age 15 through 124)"),
    "manifestation_not_pdx": (
        "6. Manifestation code as principal diagnosis",
        "Manifestation codes not allowed as principal diagnosis",
    ),
    "unacceptable_pdx": ("9. Unacceptable principal diagnosis", "Unacceptable principal diagnosis codes"),
}
"""What others call the lists, and the headings under which the manual has them."""


def read(content: bytes = files.MANUAL, *, excerpt: bool = True) -> Reading:
    return KINDS["mce"].read(SourceFile(NAME, content, excerpt=excerpt))


def test_each_line_of_a_list_is_an_entry_under_its_headings() -> None:
    reading = read()
    assert (reading.release, reading.counts) == ("v99.1", {"codes": 6, "rows": 6, "lists": 4})
    newborn, visit, child, manifestation, resection, imaging = reading.entries
    assert (newborn.code, newborn.title, visit.code) == ("A33", "Made up, newborn", "Z00.110")
    assert newborn.facts == {
        "edit": "4. Age conflict",
        "list": "A. Perinatal/Newborn diagnoses",
        "low_age": 0,
        "high_age": 0,
    }
    assert (child.facts["low_age"], child.facts["high_age"]) == (0, 17)
    assert manifestation.facts == {
        "edit": "6. Manifestation code as principal diagnosis",
        "list": "Manifestation codes not allowed as principal diagnosis",
    }
    assert (resection.code, imaging.code) == ("0DT00ZZ", "B3000ZZ")


@pytest.mark.parametrize("line", [b"Z0-110\tMade-up visit", b"Z0\tMade-up visit", b"Z00110\t", b"\tMade-up visit"])
def test_a_line_within_a_list_that_is_no_code_is_refused(line: bytes) -> None:
    with pytest.raises(FileRefused, match=r"^line 18: not a code, a tab and its title"):
        read(files.MANUAL.replace(b"Z00110\tMade-up visit", line))


@pytest.mark.parametrize(
    "end", [b"11. Non-covered procedure\r\nA.", b"up imaging", b"Chapter 2: Code list changes\r\n4"]
)
def test_a_manual_that_stops_before_the_chapter_after_its_lists_is_refused(end: bytes) -> None:
    with pytest.raises(FileRefused, match=r"^line \d+: the lists stop at edit (6|11) of 11: the file is truncated"):
        read(files.MANUAL[: files.MANUAL.rindex(end)])


def test_without_chapters_the_last_edit_and_a_whole_line_are_the_end() -> None:
    whole = files.MANUAL.replace(b"Chapter 2: Code list changes", b"Changes")
    assert read(whole).counts["rows"] == 6
    lists = whole[: whole.rindex(b"Changes")]
    assert read(lists).counts["rows"] == 6
    with pytest.raises(FileRefused, match="truncated"):
        read(lists.rstrip())


def test_a_manual_with_too_few_codes_is_refused_and_one_without_any() -> None:
    with pytest.raises(FileRefused, match=r"^line 29: 6 codes where the whole manual"):
        read(excerpt=False)
    with pytest.raises(FileRefused, match=r"^line 1: the manual has no list"):
        read(files.MANUAL[:36])


@pytest.mark.real_data
@pytest.mark.skipif(not FOLDER.exists(), reason="the official files are not here")
def test_the_lists_that_others_made_of_it_come_back_from_its_layout() -> None:
    codes = json.loads((FOLDER / "mce/mce_edits.json").read_text("utf-8"))["codes"]
    lines = ["Definitions of Medicare Code Edits", *(f"{edit}\t1" for edit, _ in OTHERS.values())]
    for name, (edit, listed) in OTHERS.items():
        lines += [edit, listed, *(f"{row['code']}\t{row['description']}" for row in codes[name])]
    reading = read(("\r\n".join(lines) + "\r\n").encode("latin-1"), excerpt=False)
    found = {
        listed: [entry.code for entry in reading.entries if entry.facts["list"] == listed]
        for _, listed in OTHERS.values()
    }
    assert found == {listed: [dot_code(row["code"]) for row in codes[name]] for name, (_, listed) in OTHERS.items()}
    assert [len(each) for each in found.values()] == [42, 125, 2_543, 856, 422, 2_656]
