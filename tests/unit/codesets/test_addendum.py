"""An addendum makes the new release of the old one, and of no other."""

import os
from itertools import product
from pathlib import Path

import pytest

from shared.codesets.addendum import apply_addendum, apply_tables_addendum, axes_of
from shared.codesets.entry import Entry, FileRefused, Reading, SourceFile
from shared.codesets.icd10cm import dot_code
from shared.codesets.kinds import KINDS
from shared.codesets.opening import read_release
from tests.builders import official_files as files

FOLDER = Path(os.environ.get("CHARTLINE_CODESETS", Path(__file__).resolve().parents[4] / "shared" / "codesets"))
NEW = KINDS["icd10pcs-order"].read(SourceFile("icd10pcs_order_2030.txt", files.PCS_ORDER, excerpt=True))
OLD = KINDS["icd10pcs-order"].read(
    SourceFile("icd10pcs_order_2029.txt", files.PCS_ORDER.replace(b"0016070", b"0016071"), excerpt=True)
)
CHANGES = (
    ("Add:         A001    Made up", "Made up, divided"),
    ("Add:         A0011   Made up, one", "Made up, kind one"),
    ("Delete:      A000    Made up, old", "Made up, old"),
)
CLOSING = (
    "\r\nHeaders\r\n 1 headers in a\r\n 2 headers in b\r\n"
    "\r\nCodes\r\n 1 codes in a\r\n 1 codes in b\r\n 2 additions\r\n 1 deletions\r\n"
)
DIVIDED = ("".join(f"{short:<82}{long}\r\n" for short, long in CHANGES) + CLOSING).encode()


def read_addendum(content: bytes = files.ORDER_ADDENDA) -> Reading:
    return KINDS["icd10pcs-order-addenda"].read(SourceFile("order_addenda_2030.txt", content))


def test_an_addendum_gives_the_next_release_with_its_counts() -> None:
    made = apply_addendum(OLD.entries, read_addendum(), str)
    assert (made.release, made.counts) == ("FY2030", NEW.counts)
    assert [(entry.code, entry.facts["billable"]) for entry in made.entries] == [
        (entry.code, entry.facts["billable"]) for entry in NEW.entries
    ]


def test_a_header_is_what_other_codes_begin_with() -> None:
    old = [Entry("A00", "x", facts={"billable": False}), Entry("A00.0", "x", facts={"billable": True})]
    made = apply_addendum(old, read_addendum(DIVIDED), dot_code)
    assert [(entry.code, entry.title, entry.facts["billable"]) for entry in made.entries] == [
        ("A00", "x", False),
        ("A00.1", "Made up, divided", False),
        ("A00.11", "Made up, kind one", True),
    ]


def test_an_addendum_to_another_release_is_refused() -> None:
    with pytest.raises(FileRefused, match=r"^line 1: a code is added and was there"):
        apply_addendum(NEW.entries, read_addendum(), str)
    with pytest.raises(FileRefused, match="before the addendum has 1 codes, the addendum states 2"):
        apply_addendum(list(OLD.entries)[:-1], read_addendum(), str)
    wrong = files.ORDER_ADDENDA.replace(b"2 codes in new", b"3 codes in new")
    with pytest.raises(FileRefused, match="after the addendum has 2 codes, the addendum states 3"):
        apply_addendum(OLD.entries, read_addendum(wrong), str)
    first, _, last = OLD.entries
    missing = [first, Entry("0016079", "x", facts={"billable": True}), last]
    with pytest.raises(FileRefused, match=r"^line 2: a code is changed and was not there"):
        apply_addendum(missing, read_addendum(), str)


def test_an_addendum_to_the_tables_takes_the_place_of_the_tables_that_it_has() -> None:
    old = KINDS["icd10pcs-tables"].read(SourceFile("tables.xml", files.PCS_TABLES))
    other = KINDS["icd10pcs-tables"].read(SourceFile("tables.xml", files.PCS_TABLES.replace(b'code="1"', b'code="2"')))
    addendum = KINDS["icd10pcs-tables-addenda"].read(SourceFile("tables_addenda_2030.txt", files.TABLES_ADDENDA))
    made = apply_tables_addendum([*other.entries, *old.entries], addendum)
    assert [(row.code, row.facts["axis4"]) for row in made.entries] == [
        ("001", {"6": "Ventricle"}),
        ("001", {"7": "Cistern"}),
        ("002", {"6": "Ventricle"}),
    ]
    assert (made.counts, all("action" not in row.facts for row in made.entries)) == (
        {"codes": 5, "tables": 2, "rows": 3},
        True,
    )
    with pytest.raises(FileRefused, match="row of table 001 that stays was not there"):
        apply_tables_addendum(other.entries, addendum)


@pytest.mark.real_data
@pytest.mark.skipif(not FOLDER.exists(), reason="the official files are not here")
def test_the_tables_of_the_official_addendum_make_the_codes_of_the_official_order_file() -> None:
    folder = FOLDER / "icd10pcs_fy2026"
    rows = read_release(KINDS["icd10pcs-tables-addenda"], folder / "2026-addendum.zip").reading.entries
    order = folder / "2026-icd-10-pcs-order-file-long-and-abbreviated-titles.zip"
    codes = {each.code for each in read_release(KINDS["icd10pcs-order"], order).reading.entries if len(each.code) == 7}
    made = {row.code + "".join(four) for row in rows for four in product(*axes_of(row))}
    assert len(made) == 2_954
    assert made == {code for code in codes if code[:3] in {row.code for row in rows}}


@pytest.mark.real_data
@pytest.mark.skipif(not FOLDER.exists(), reason="the official files are not here")
def test_the_official_addendum_gives_the_official_release() -> None:
    archive = FOLDER / "icd10pcs_fy2026/2026-icd-10-pcs-order-file-long-and-abbreviated-titles.zip"
    new = read_release(KINDS["icd10pcs-order"], archive).reading
    addendum = read_release(KINDS["icd10pcs-order-addenda"], archive).reading
    codes = {entry.code: entry for entry in new.entries}
    for change in addendum.entries:  # Backwards: the release of the year before.
        if change.facts["action"] == "add":
            del codes[change.code]
        elif change.facts["action"] in {"delete", "revise from"}:
            facts = {"billable": len(change.code) == 7, "short": change.facts["short"]}
            codes[change.code] = Entry(change.code, change.title, facts=facts)
    made = apply_addendum(list(codes.values()), addendum, str)
    assert made.counts == {"codes": 79_193, "headers": 917}
    assert made.entries == sorted(new.entries, key=lambda entry: entry.code)
