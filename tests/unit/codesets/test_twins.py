"""Each kind's file has twins that are refused with line and reason: cut off, wrong in a line, of another kind."""

import pytest

from shared.codesets.entry import FileRefused
from shared.codesets.kinds import KINDS
from shared.codesets.opening import read_release
from tests.builders.official_files import LAYOUTS
from tests.unit.codesets.test_readers import read

CUT_TEXT, CUT_XML = "the file ends within a line: it is truncated", "the XML breaks off or is not well-formed"
NO_ROOT = "this is not an XML file with the root element"

WRONG: dict[str, tuple[bytes, bytes, str]] = {
    "icd10cm-tabular": (b"</inclusionTerm>", b"</inclusion>", f"line 11: {CUT_XML}"),
    "icd10cm-order": (b"00002 A000", b"00003 A000", "line 2: order numbers do not follow each other"),
    "icd10cm-order-addenda": (b"Delete: ", b"Remove: ", "line 2: not a row of an order addendum"),
    "icd10cm-index": (b"DISEASES", b"DRUGS", "line 4: this index is not the one with DISEASES in its title"),
    "icd10cm-external-cause": (b"CAUSE", b"HARM", "line 4: this index is not the one with EXTERNAL CAUSE in its title"),
    "icd10cm-neoplasm": (b"Neoplasm", b"Drug", "line 4: this index has no table that begins with the column Neoplasm"),
    "icd10cm-drug": (b"Substance", b"Site", "line 4: this index has no table that begins with the column Substance"),
    "icd10pcs-order": (b"0016070 1", b"0016070 2", "line 2: not a row of an order file"),
    "icd10pcs-order-addenda": (b"1 deletions", b"2 deletions", "line 14: the file has 1 deletions"),
    "icd10pcs-tables": (b'codes="2"', b'codes="3"', "line 9: a row of table 001 states another number of codes"),
    "icd10pcs-index": (b"</see>", b"</use>", f"line 5: {CUT_XML}"),
    "icd10pcs-index-addenda": (b"Add   ", b"Adds  ", "line 4: not a line of an index addendum"),
    "icd10pcs-tables-addenda": (b"2 choices", b"3 choices", "line 7: the block of table 001 lacks an axis or a choice"),
    "icd10pcs-definitions-addenda": (
        b"Includes ",
        b"Contains ",
        "line 5: not a line of an addendum to the definitions",
    ),
    "icd10pcs-conversion": (b"\t2019\t", b"\tnew\t", "line 2: not the cells of a conversion"),
    "hcpcs": (b"J000100100", b"J0001001x0", "line 2: not a record of the HCPCS layout, or one that is cut off"),
    "ndc-hcpcs": (b".5,10", b"half,10", "line 5: the size is not a number"),
    "cpt": (b"99999", b"0001A", "line 3: the code stands in the file twice"),
    "ncci-ptp": (b"\t9\t", b"\t8\t", "line 8: the modifier indicator is not 0, 1 or 9"),
    "ncci-ptp-outpatient": (b"20191231", b"20191301", "line 8: a date does not have the form %Y%m%d"),
    "ncci-mue": (b"A0001,2,", b"A0001,two,", "line 5: not a code, a number of units and an indicator 1, 2 or 3"),
    "ncci-mue-outpatient": (b",2 Date", b",4 Date", "line 5: not a code, a number of units and an indicator"),
    "mce": (b",0,0,", b",newborn,0,", "line 2: an age is not a number of years"),
    "pos": (b"12,Home", b"1A,Home", "line 3: a place of service has two digits"),
    "poa-exempt": (b"Z99.89", b"Z9989", "line 3: not an order number, a code and a description"),
    "coverage": (b"2026-01-01", b"01/01/2026", "line 2: a date does not have the form %Y-%m-%d"),
    "fees": (b"40.10", b"forty", "line 3: the price is not a decimal"),
}
"""A change to each file that makes a line of it wrong, and the refusal."""

ANOTHER: dict[str, str] = {
    "icd10cm-order": "line 1: not a ",
    "icd10cm-order-addenda": "line 1: not a row of an order addendum",
    "icd10pcs-order": "line 1: not a row of an order file",
    "icd10pcs-order-addenda": "line 1: not a row of an order addendum",
    "icd10pcs-index-addenda": "line 1: no line begins with Lttr: not an index addendum",
    "icd10pcs-tables-addenda": "line 1: no table begins where the addendum does",
    "icd10pcs-definitions-addenda": "line 1: not a line of an addendum to the definitions",
    "icd10pcs-conversion": "line 1: the heading of the conversion table is missing",
    "hcpcs": "line 1: no record of the HCPCS layout in the file",
    "ndc-hcpcs": "line 1: no heading row with the columns hcpcs, ndc, dosage",
    "cpt": "line 1: no line begins with a CPT code and a tab",
    "ncci-ptp": "line 2: the heading Column1/Column2 Edits is missing",
    "ncci-ptp-outpatient": "line 2: the heading Column1/Column2 Edits is missing",
    "ncci-mue": "line 1: no heading row with the columns code, units, indicator",
    "ncci-mue-outpatient": "line 1: no heading row with the columns code, units, indicator",
    "mce": "line 1: no heading row with the columns edit, code",
    "pos": "line 1: no heading row with the columns code, name",
    "poa-exempt": "line 1: the heading Order, POAexemptCode, Description is missing",
    "coverage": "line 1: no heading row with the columns code, diagnoses, starts",
    "fees": "line 1: no heading row with the columns code, price, starts",
}
"""What is said of a text of another layout; of an XML file it is the root that is missed."""


def test_every_kind_has_its_twins() -> None:
    texts = {kind for kind, (name, _) in LAYOUTS.items() if not name.endswith(".xml")}
    assert set(LAYOUTS) == set(WRONG) == set(KINDS)
    assert set(ANOTHER) == texts


@pytest.mark.parametrize("kind", LAYOUTS)
def test_the_twin_that_is_cut_off_is_refused_at_its_last_line(kind: str) -> None:
    name, whole = LAYOUTS[kind]
    assert list(read(kind).entries)
    cut = whole[:-3]
    with pytest.raises(FileRefused) as refused:
        read(kind, cut)
    last, reason = cut.count(b"\n") + 1, CUT_XML if name.endswith(".xml") else CUT_TEXT
    assert refused.value.message == f"line {last}: {reason}"


@pytest.mark.parametrize("kind", LAYOUTS)
def test_the_twin_with_a_wrong_line_is_refused_at_that_line(kind: str) -> None:
    before, after, reason = WRONG[kind]
    whole = LAYOUTS[kind][1]
    assert before in whole
    with pytest.raises(FileRefused) as refused:
        read(kind, whole.replace(before, after))
    assert refused.value.message.startswith(reason)


@pytest.mark.parametrize("kind", LAYOUTS)
@pytest.mark.parametrize("other", ["hcpcs", "icd10pcs-order", "icd10pcs-tables", "ncci-ptp", "fees"])
def test_the_twin_of_another_kind_is_refused(kind: str, other: str) -> None:
    if kind.startswith(other):  # The two files of NCCI pairs have one layout, and differ by name.
        return
    with pytest.raises(FileRefused) as refused:
        read(kind, LAYOUTS[other][1])
    expected = ANOTHER.get(kind, f"line 1: {NO_ROOT}")
    assert refused.value.message.startswith(expected)


@pytest.mark.parametrize("kind", LAYOUTS)
def test_an_empty_twin_is_refused(kind: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read(kind, b"")
    assert refused.value.line == 1


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS.values() if kind.least])
def test_the_twin_that_ends_between_lines_is_refused(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    name, whole = LAYOUTS[kind]
    path = tmp_path_factory.mktemp("twin") / name
    path.write_bytes(whole)
    with pytest.raises(FileRefused) as refused:
        read_release(KINDS[kind], path)
    assert f"where a whole file has at least {KINDS[kind].least}: it is truncated" in refused.value.message
