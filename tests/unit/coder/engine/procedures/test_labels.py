"""Operations told by root operation and body part, in the words of the loaded tables; the tables are made up."""

import pytest

from services.coder.engine.procedure_tables import Label, ProcedureTables, TableRow
from tests.unit.coder.engine.procedures.test_cases import show, suggest

TABLES = ProcedureTables(
    "FY2026",
    {
        "04B": (TableRow("KL", "034", "Z", "XZ"),),
        "04L": (TableRow("KL", "034", "CDZ", "Z"),),
        "0KB": (TableRow("KL", "0", "Z", "XZ"),),
        "0HB": (TableRow("7", "X", "Z", "XZ"),),
    },
    {
        "B": (
            Label("04B", ("femoral", "artery"), (("right", "K"), ("left", "L"))),
            Label("04B", ("femoral",), (("right", "K"),)),
            Label("0KB", ("thigh",), (("right", "K"), ("left", "L"))),
            Label("0KB", ("calf",), (("right", "K"),)),
            Label("0HB", ("calf",), (("right", "7"),)),
            Label("0HB", ("skin", "abdomen"), (("", "7"),)),
        ),
        "L": (Label("04L", ("femoral", "artery"), (("right", "K"), ("left", "L"))),),
    },
)


@pytest.mark.parametrize(
    ("text", "codes", "missing"),
    [
        ("Open excision of the left femoral artery.", ["04BL0ZZ"], []),
        ("The right femoral artery was excised, open.", ["04BK0ZZ"], []),
        ("Percutaneous needle biopsy of the right femoral artery.", ["04BK3ZX"], []),
        ("Excision of the left femoral artery.", ["?04BL0ZZ", "?04BL3ZZ", "?04BL4ZZ"], ["approach"]),
        ("Open excision of the femoral artery.", ["?04BK0ZZ", "?04BL0ZZ"], ["laterality"]),
        ("Excision of skin of the abdomen.", ["0HB7XZZ"], []),
        ("Open ligation of the left femoral artery.", ["?04LL0CZ", "?04LL0DZ", "?04LL0ZZ"], ["device"]),
        ("Open excision of the right calf.", [], []),
        ("Open excision of the right spleen.", [], []),
        ("Open excision of the left femoral artery was declined.", [], []),
    ],
)
def test_root_operation_and_body_part_make_a_code(text: str, codes: list[str], missing: list[str]) -> None:
    """Of the last three, two tables match alike, no label does, and it was not done."""
    found = suggest({"text": text}, TABLES)
    assert [show(each) for each in found] == codes
    assert list(found[0].missing if found else ()) == missing


def test_without_tables_nothing_is_read_by_body_part() -> None:
    assert suggest({"text": "Open excision of the left femoral artery."}) == []
