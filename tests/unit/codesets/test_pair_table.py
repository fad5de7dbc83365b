"""Packed pairs say what their rows say; releases have their own days."""

from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.codesets.pair_table import PairRow, PairTable, pack_pairs
from shared.codesets.periods import Period, divide_days

CODES = st.sampled_from(["00001", "0001A", "11042", "99213", "A0001", "Z9999"])
ROWS = st.builds(PairRow, CODES, CODES, st.dates(), st.dates(), st.sampled_from("019"))


@settings(max_examples=50)
@given(rows=st.lists(ROWS), one=CODES, two=CODES)
def test_a_table_finds_the_rows_of_a_pair_and_no_others(rows: list[PairRow], one: str, two: str) -> None:
    ordered = sorted(rows, key=lambda row: (row.column1, row.column2))
    table = PairTable(pack_pairs(ordered))
    assert table.find(one, two) == [row for row in ordered if (row.column1, row.column2) == (one, two)]


@pytest.mark.parametrize("code", ["", "1104", "110422", "1104-", "11042 "])
def test_what_is_no_code_is_no_pair_and_is_not_packed(code: str) -> None:
    row = PairRow("11042", "97597", date.min, date.max, "1")
    table = PairTable(pack_pairs([row]))
    assert table.find("11042", "97597") == [row]
    assert table.find(code, "97597") == table.find("11042", code) == []
    with pytest.raises(ValueError, match="five characters"):
        pack_pairs([row._replace(column2=code)])


def test_rows_out_of_order_and_torn_bytes_are_refused() -> None:
    rows = [PairRow(code, "97597", date.min, date.max, "1") for code in ("11043", "11042")]
    with pytest.raises(ValueError, match="order"):
        pack_pairs(rows)
    for torn in (b"", pack_pairs(rows[:1])[:-1], b"x" * 40):
        with pytest.raises(ValueError, match="whole table"):
            PairTable(torn)


@dataclass(frozen=True)
class Loaded:
    name: str
    effective: date


def test_a_release_answers_until_the_next_and_a_correction_takes_its_place() -> None:
    july, wrong, october = (
        Loaded("july", date(2026, 7, 1)),
        Loaded("wrong", date(2026, 10, 1)),
        Loaded("october", date(2026, 10, 1)),
    )
    assert divide_days([july, wrong, october]) == [
        (july, Period(date(2026, 7, 1), date(2026, 9, 30))),
        (october, Period(date(2026, 10, 1), date.max)),
    ]
    assert divide_days([]) == []
    assert Period(date(2026, 7, 1), date(2026, 9, 30)).cut(None, date(2026, 6, 30)) is None
