"""Each layout on a small made-up file: what it says, and that a truncated and a wrong file are refused by line."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from shared.codesets.entry import Entry, FileRefused, Reading, SourceFile
from shared.codesets.kinds import KINDS
from shared.codesets.ndc import fold_ndc
from shared.codesets.opening import read_release, recognise_release
from tests.builders import official_files as files
from tests.builders.official_files import LAYOUTS


def read(kind: str, content: bytes | None = None) -> Reading:
    name, whole = LAYOUTS[kind]
    return KINDS[kind].read(SourceFile(name, whole if content is None else content))


def test_hcpcs_joins_continuations_and_keeps_dates() -> None:
    reading = read("hcpcs")
    assert reading.counts == {"codes": 3, "procedures": 2, "modifiers": 1}
    _, drug, lens = reading.entries
    assert (drug.code, drug.title) == ("J0001", "Injection, made-up drug, in two records, 10 mg")
    assert (lens.starts, lens.ends) == (date(2020, 1, 1), date(2025, 12, 31))


HEADING = ["HCPC", "SEQNUM", "RECID", "LONG DESCRIPTION", "SHORT DESCRIPTION", "ADD DT", "TERM DT"]
ROWS = [["J0001", "0010", "3", "Injection", "Inj", "20200101"], ["V0001", "0010", "3", "Lens", "Lens", "20200101"]]


def test_hcpcs_reads_the_same_from_csv_and_worksheet() -> None:
    lines = [HEADING, *([*row, ""] for row in ROWS)]
    as_csv = "".join(",".join(line) + "\r\n" for line in lines).encode()
    from_csv = KINDS["hcpcs"].read(SourceFile("HCPC2030_ANWEB.csv", as_csv))
    from_sheet = KINDS["hcpcs"].read(SourceFile("HCPC2030_ANWEB.xlsx", files.sheet([HEADING, *ROWS])))
    assert from_csv == from_sheet
    assert from_csv.counts["codes"] == 2


def test_a_record_without_its_code_before_it_is_refused_with_its_line() -> None:
    orphan = files.hcpcs_line("A1", "7", "Wound") + files.hcpcs_line("J0001", "4", "the rest")
    with pytest.raises(FileRefused, match=r"^line 2: "):
        read("hcpcs", orphan.encode())


def test_an_order_file_has_no_gap() -> None:
    gap = files.order_line(1, "001", False, "a", "a") + files.order_line(3, "XY0YX37", True, "b", "b")
    with pytest.raises(FileRefused, match=r"^line 2: order numbers"):
        read("icd10pcs-order", gap.encode())


def test_icd10cm_codes_come_dotted_and_headers_are_not_billable() -> None:
    reading = read("icd10cm-order")
    assert [(entry.code, entry.facts["billable"]) for entry in reading.entries] == [
        ("A00", False),
        ("A00.0", True),
        ("Z99.89", True),
    ]
    assert (reading.release, reading.counts) == ("FY2030", {"codes": 2, "headers": 1})


def test_an_order_file_is_checked_against_the_addendum_in_its_zip(tmp_path: Path) -> None:
    path = tmp_path / "order.zip"
    whole = {"icd10pcs_order_2030__txt": files.PCS_ORDER, "order_addenda_2030__txt": files.ORDER_ADDENDA}
    path.write_bytes(files.pack(**whole))
    assert read_release(KINDS["icd10pcs-order"], path, excerpt=True).reading.counts["codes"] == 2
    wrong = files.ORDER_ADDENDA.replace(b"2 codes in new", b"3 codes in new")
    path.write_bytes(files.pack(**(whole | {"order_addenda_2030__txt": wrong})))
    with pytest.raises(FileRefused, match="2 codes, its addendum states 3"):
        read_release(KINDS["icd10pcs-order"], path, excerpt=True)


def test_exempt_codes_are_checked_against_the_readme_in_their_zip(tmp_path: Path) -> None:
    path = tmp_path / "POAexemptCodesFY30.zip"
    path.write_bytes(files.pack(POAexemptCodesFY30__txt=files.POA, ReadMe__txt=files.POA_README))
    assert read_release(KINDS["poa-exempt"], path, excerpt=True).reading.counts == {"codes": 2}
    path.write_bytes(files.pack(POAexemptCodesFY30__txt=files.POA, ReadMe__txt=files.POA_README.replace(b"(2", b"(3")))
    with pytest.raises(FileRefused, match="2 codes, the ReadMe beside it states 3"):
        read_release(KINDS["poa-exempt"], path, excerpt=True)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("Add", b"B90.0", b"B91.0"),
        ("Delete", b"B91.0", b"B90.0"),
        ("Revise", b"Dependence, made", b"Dependence, not made"),
    ],
)
def test_exempt_codes_are_checked_against_the_lists_of_changes_in_their_zip(
    tmp_path: Path, name: str, before: bytes, after: bytes
) -> None:
    path = tmp_path / "POAexemptCodesFY30.zip"
    whole = {"POAexemptCodesFY30__txt": files.POA, **files.POA_CHANGES}
    path.write_bytes(files.pack(**whole))
    assert read_release(KINDS["poa-exempt"], path, excerpt=True).reading.counts == {"codes": 2}
    member = f"POAexempt{name}CodesFY30__txt"
    path.write_bytes(files.pack(**(whole | {member: whole[member].replace(before, after)})))
    with pytest.raises(FileRefused, match=rf"^line 3: 1 codes are not as the list POAexempt{name}CodesFY30.txt"):
        read_release(KINDS["poa-exempt"], path, excerpt=True)


def test_an_index_gives_the_path_of_terms_and_its_references() -> None:
    first, second, third = read("icd10cm-index").entries
    assert first == Entry("A00.0", "Ache", facts={"optional": ["(dull)"], "column": "Code"})
    assert (second.code, second.title) == ("A00.1-", "Ache, made up")
    assert (third.code, third.facts["refers"], third.facts["to"]) == ("", "see also", "Pain")


def test_a_table_of_drugs_names_its_columns_and_leaves_out_empty_cells() -> None:
    (entry,) = read("icd10cm-drug").entries
    assert (entry.code, entry.title, entry.facts["column"]) == ("T00.0X1", "Madeupol", "Poisoning")


def test_pcs_tables_check_the_number_of_codes_that_a_row_states() -> None:
    reading = read("icd10pcs-tables")
    (row,) = reading.entries
    assert (reading.counts["codes"], row.code) == (2, "001")
    assert row.facts["axis5"] == {"0": "Open", "3": "Through skin"}
    with pytest.raises(FileRefused, match="another number of codes"):
        read("icd10pcs-tables", files.PCS_TABLES.replace(b'codes="2"', b'codes="3"'))


def test_an_addendum_to_the_tables_has_rows_as_the_tables_have_them_and_says_which_are_new() -> None:
    reading = read("icd10pcs-tables-addenda")
    kept, added = reading.entries
    (row,) = read("icd10pcs-tables").entries
    assert kept == replace(row, facts={**row.facts, "action": "keep"})
    assert (added.facts["axis4"], added.facts["action"]) == ({"7": "Cistern"}, "add")
    assert (reading.release, reading.counts) == ("FY2030", {"codes": 3, "tables": 1, "rows": 2, "added": 1})


@pytest.mark.parametrize(
    ("what", "by", "reason"),
    [
        (b"Section) is value 0", b"Section) is value 1", "line 2: the table's three characters"),
        (b"panel of table 0 0 1", b"panel of table 0 0 2", "line 7: a panel does not follow its table"),
        (b"value 3: Through skin", b"value 3", "line 11: not a sentence of an addendum"),
        (b"  Seventh character (Qualifier) is value Z: None\r\n", b"", "line 7: the block of table 001 lacks an axis"),
    ],
)
def test_an_addendum_to_the_tables_that_is_wrong_is_refused(what: bytes, by: bytes, reason: str) -> None:
    with pytest.raises(FileRefused, match=f"^{reason}"):
        read("icd10pcs-tables-addenda", files.TABLES_ADDENDA.replace(what, by))


def test_an_addendum_to_the_definitions_names_the_term_that_a_line_belongs_to() -> None:
    reading = read("icd10pcs-definitions-addenda")
    assert [(entry.code, entry.title, entry.facts["tells"]) for entry in reading.entries] == [
        ("0", "Ventricle: Made-up fossa", "includes"),
        ("0", "Cistern", "term"),
        ("0", "Cistern: A made-up space", "definition"),
    ]
    assert reading.counts == {"codes": 2, "changes": 3}


def test_pcs_index_gives_the_start_of_a_table() -> None:
    assert [(entry.code, entry.facts["refers"]) for entry in read("icd10pcs-index").entries] == [
        ("0016", "see"),
        ("", "use"),
    ]


def test_an_index_addendum_gives_the_whole_path_of_a_changed_term() -> None:
    (entry,) = read("icd10pcs-index-addenda").entries
    assert entry == Entry("5A0221E", "Assistance, Cardiac, Made-up pump", facts={"action": "add"})


def test_units_carry_what_edits_need() -> None:
    (units,) = read("ncci-mue").entries
    assert (units.code, units.facts["units"], units.facts["indicator"]) == ("A0001", 2, "2")


def test_a_crosswalk_tells_by_ndc_what_a_package_is_billed_as() -> None:
    reading = read("ndc-hcpcs")
    first, second = reading.entries
    assert (first.code, first.title, second.code) == ("00002143380", "MADEUPOL", "00003000101")
    assert first.facts == {
        "hcpcs": "J0001",
        "dosage": "10 MG",
        "size": "1",
        "quantity": "1000",
        "units": "10",
        "units_of_package": "10000",
    }
    assert (reading.release, reading.counts) == ("January 2030", {"codes": 1, "packages": 2, "others": 1})
    names = (
        "July 2026 ASP NDC-HCPCS Crosswalk 061526.csv",
        "July 2026 NOC NDC-HCPCS Crosswalk.csv",
        "July 2026 AWP NDC-HCPCS.csv",
    )
    assert [KINDS["ndc-hcpcs"].matches(name) for name in names] == [True, False, False]


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("00002-1433-80", "00002143380"),
        ("0002-1433-80", "00002143380"),
        ("50242-041-21", "50242004121"),
        ("50242-0041-1", "50242004101"),
        ("50242004121", "50242004121"),
        ("5024204121", ""),
        ("002-1433-80", ""),
        ("089130-4444-01", ""),
        ("0002-1433", ""),
        ("", ""),
        ("0002-14A3-80", ""),
    ],
)
def test_an_ndc_is_eleven_digits_however_it_is_written(written: str, folded: str) -> None:
    assert fold_ndc(written) == folded


def test_prices_stay_the_text_that_was_written() -> None:
    whole, part = read("fees").entries
    assert (whole.facts["price"], part.facts["price"], part.facts["modifier"]) == ("125.50", "40.10", "26")
    for wrong in (b"12,50", b"NaN", b"-1"):
        with pytest.raises(FileRefused, match=r"^line 2: "):
            read("fees", files.FEES.replace(b"125.50", wrong))


def test_coverage_takes_codes_and_ranges_and_nothing_else() -> None:
    (rule,) = read("coverage").entries
    assert rule.facts == {"diagnoses": ["I10", "E11.0-E11.9"], "payer": "payer-a"}
    with pytest.raises(FileRefused, match=r"^line 2: a supporting diagnosis"):
        read("coverage", files.COVERAGE.replace(b"I10", b"hypertension"))


def test_a_refusal_of_licensed_text_does_not_repeat_it() -> None:
    with pytest.raises(FileRefused) as refusal:
        read("cpt", files.CPT + b"not a code\tSecret descriptor\r\n")
    assert refusal.value.line == 4
    assert "Secret" not in str(refusal.value)


def test_a_part_is_refused_unless_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "HCPC2030_ANWEB.txt"
    path.write_bytes(files.HCPCS)
    with pytest.raises(FileRefused, match="at least"):
        read_release(KINDS["hcpcs"], path)
    assert read_release(KINDS["hcpcs"], path, excerpt=True).reading.counts["codes"] == 3
    named = path.with_name("HCPC2030_ANWEB.excerpt.txt")
    named.write_bytes(files.HCPCS)
    assert read_release(KINDS["hcpcs"], named).reading.counts["codes"] == 3


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "POAexemptCodesFY30.zip"
    path.write_bytes(files.pack(POAexemptCodesFY30__txt=files.POA)[:-20])
    with pytest.raises(FileRefused, match="zip"):
        read_release(KINDS["poa-exempt"], path, excerpt=True)
    path.write_bytes(files.pack(another__txt=files.POA))
    with pytest.raises(FileRefused, match="no file in the zip"):
        read_release(KINDS["poa-exempt"], path, excerpt=True)


def test_a_family_of_kinds_recognises_its_file(tmp_path: Path) -> None:
    path = tmp_path / "tables.xml"
    path.write_bytes(files.PCS_TABLES)
    family = [kind for kind in KINDS.values() if kind.name.startswith("icd10pcs")]
    kind, opened = recognise_release(family, path, excerpt=True)
    assert (kind.name, opened.reading.counts["codes"]) == ("icd10pcs-tables", 2)
