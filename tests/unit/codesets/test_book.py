"""Look-ups by date: which release answers, and whether a code may be reported."""

from datetime import date

import pytest

from shared.codesets.book import EVER, CodeBook, Line, Shelf
from shared.codesets.kinds import System
from shared.codesets.packaged import packaged_shelves

PACKAGED = CodeBook(packaged_shelves())


def shelf(key: str, effective: date, lines: dict[str, Line], system: System = System.HCPCS) -> Shelf:
    return Shelf(key, system, key, effective, lines)


BOOK = CodeBook(
    [
        shelf("later", date(2026, 4, 1), {"A0001": Line("new title"), "A0003": Line("ends", ends=date(2026, 6, 30))}),
        shelf("earlier", date(2026, 1, 1), {"A0001": Line("old title"), "A0002": Line("gone")}),
        Shelf("packaged", System.HCPCS, "packaged", EVER, {"A0001": Line("ours")}, packaged=True),
    ]
)


@pytest.mark.parametrize(
    ("on", "title"),
    [
        (date(2025, 12, 31), "ours"),
        (date(2026, 1, 1), "old title"),
        (date(2026, 3, 31), "old title"),
        (date(2026, 4, 1), "new title"),
    ],
)
def test_a_release_answers_from_its_day_until_the_next(on: date, title: str) -> None:
    answer = BOOK.look_up(System.HCPCS, "A0001", on)
    assert answer is not None
    assert answer.display == title


def test_a_code_holds_within_its_own_dates() -> None:
    assert BOOK.is_valid(System.HCPCS, "A0003", date(2026, 6, 30))
    assert not BOOK.is_valid(System.HCPCS, "A0003", date(2026, 7, 1))
    assert BOOK.is_valid(System.HCPCS, "A0002", date(2026, 3, 31))
    assert BOOK.look_up(System.HCPCS, "A0002", date(2026, 4, 1)) is None


def test_the_later_loaded_of_two_releases_of_a_day_answers() -> None:
    day = date(2026, 1, 1)
    book = CodeBook([shelf("first", day, {"A0001": Line("wrong")}), shelf("corrected", day, {"A0001": Line("right")})])
    answer = book.look_up(System.HCPCS, "A0001", day)
    assert answer is not None
    assert answer.display == "right"


@pytest.mark.parametrize(
    ("code", "before", "after", "turn"),
    [
        ("G35", True, False, date(2025, 10, 1)),
        ("G35.A", False, True, date(2025, 10, 1)),
        ("G35", False, False, date(2026, 10, 1)),
        ("D69.1", True, False, date(2026, 10, 1)),
        ("I42.0", True, False, date(2026, 10, 1)),
        ("I10", True, True, date(2026, 10, 1)),
        ("E11", False, False, date(2026, 10, 1)),
    ],
)
def test_diagnoses_follow_the_fiscal_year_with_nothing_loaded(code: str, before: bool, after: bool, turn: date) -> None:
    eve = date.fromordinal(turn.toordinal() - 1)
    assert PACKAGED.is_valid(System.ICD10CM, code, eve) is before
    assert PACKAGED.is_valid(System.ICD10CM, code, turn) is after


def test_a_loaded_file_answers_for_its_own_fiscal_year_only() -> None:
    lines = {"D69.1": Line("as the file has it"), "I10": Line("as the file has it")}
    book = CodeBook([*packaged_shelves(), shelf("FY2027", date(2026, 10, 1), lines, System.ICD10CM)])
    assert book.is_valid(System.ICD10CM, "D69.1", date(2026, 10, 1))
    assert not book.is_valid(System.ICD10CM, "D69.1", date(2027, 10, 1))
    assert book.is_valid(System.ICD10CM, "I10", date(2027, 10, 1))


def test_what_comes_with_chartline_has_places_and_services_in_our_words() -> None:
    on = date(2026, 3, 1)
    office = PACKAGED.look_up(System.PLACE, "11", on)
    visit = PACKAGED.look_up(System.CPT, "99213", on)
    assert office is not None
    assert office.display == "Office"
    assert visit is not None
    assert visit.valid
    services = PACKAGED.shelf(System.CPT, on)
    assert services is not None
    assert len(services.lines) >= 120
    assert PACKAGED.look_up(System.HCPCS, "J1100", on) is None


def test_a_diagnosis_that_no_release_names_is_known_by_the_code_editor() -> None:
    assert PACKAGED.look_up_unnamed(System.ICD10CM, "I10", date(2026, 3, 1)) is not None
    assert PACKAGED.look_up_unnamed(System.ICD10CM, "Q00.Z", date(2026, 3, 1)) is None
    assert PACKAGED.look_up_unnamed(System.HCPCS, "J1100", date(2026, 3, 1)) is None
