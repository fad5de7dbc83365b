"""The tables of drugs, supplies and vaccines: no name means two things on a day, and official releases agree."""

import re
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from services.coder.engine.services.drug_table import BY_PROCEDURE, Drug, find_named, load_drugs
from services.coder.engine.services.tables import load_rows
from shared.codesets.entry import SourceFile
from shared.codesets.readers.hcpcs import read_hcpcs

RELEASE = Path("../shared/codesets/hcpcs/HCPC2024_ANWEB_fixed_width_upper_cased.txt")
UNITS_IN_TITLES = {"ml": ("CC", "ML"), "units": ("UNIT", "IU"), "mcg": ("MCG", "MICROGRAM"), "mg": ("MG", "MILLIGRAM")}
NOT_ONE_AMOUNT = {"J0702", "J2790", "J7323", "J7620", "J7644", "A9577", "A9579", "Q9966", "Q9967"}
"""Numbers whose title tells no single amount: two salts, a full dose, a dose, two drugs, "per milligram", "per mL"."""


@pytest.mark.parametrize("drug", load_drugs(), ids=lambda drug: f"{drug.code} from {drug.starts}")
def test_a_row_is_whole(drug: Drug) -> None:
    assert re.fullmatch(r"[AJQS]\d{4}", drug.code)
    assert drug.amount > 0
    assert drug.indications or drug.kind == BY_PROCEDURE
    assert drug.starts is None or drug.ends is None or drug.starts < drug.ends


def test_numbers_that_took_over_begin_on_the_day_after_the_old_ones_end() -> None:
    ends = sorted({drug.ends for drug in load_drugs() if drug.ends})
    starts = {drug.starts for drug in load_drugs() if drug.starts}
    assert all((end.toordinal() + 1) in {start.toordinal() for start in starts} for end in ends)


def test_a_name_is_read_once_where_two_rows_would_take_it() -> None:
    found = list(find_named("haloperidol decanoate 50 mg and Toradol", date(2026, 1, 1)))
    assert [drug.code for drug, _, _ in found] == ["J1631", "J1885"]
    assert all(end <= start for (_, _, end), (_, start, _) in pairwise(found))


def test_no_vaccine_code_stands_in_two_rows() -> None:
    codes = [cvx for row in load_rows("vaccine_codes.tsv") for cvx in row["cvx"].split()]
    assert len(codes) == len(set(codes))


@pytest.mark.real_data
@pytest.mark.skipif(not RELEASE.exists(), reason="the official files are not here")
def test_the_official_release_has_these_numbers_with_these_amounts_and_days() -> None:
    entries = {each.code: each for each in read_hcpcs(SourceFile(RELEASE.name, RELEASE.read_bytes())).entries}
    for drug in load_drugs():
        entry = entries[drug.code]
        assert entry.ends == drug.ends, drug.code
        title = entry.title.replace(",", "").upper()
        if drug.code not in NOT_ONE_AMOUNT:
            assert re.search(rf"(?<![\d.]){drug.amount.normalize():f}(?!\d)", title), drug.code
            units = UNITS_IN_TITLES.get(drug.unit, (drug.unit.upper(),))
            assert any(unit in title for unit in units), drug.code
    for row in load_rows("supply_codes.tsv"):
        assert entries[row["code"]].ends is None, row["code"]
