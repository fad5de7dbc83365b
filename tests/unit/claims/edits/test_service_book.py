"""What is in force of service codes and modifiers, by what is loaded."""

from datetime import date

import pytest

from services.claims.edits.service_book import ServiceBook, index_code_days
from tests.unit.claims.edits.subjects import Row

QUARTER = (date(2026, 4, 1), date(2026, 6, 30))
BOOK = ServiceBook(
    index_code_days([Row("J1885", {}, *QUARTER), Row("RT", {}, *QUARTER)], [QUARTER]),
    index_code_days([Row("99213", {}, *QUARTER), Row("0001T", {}, date(2026, 6, 1), QUARTER[1])], [QUARTER]),
)
MAY, JUNE, JULY = date(2026, 5, 31), date(2026, 6, 1), date(2026, 7, 1)


@pytest.mark.parametrize(
    ("code", "day", "lacks"),
    [
        ("J1885", MAY, False),
        ("J9999", MAY, True),
        ("J9999", JULY, False),
        ("99213", MAY, False),
        ("99999", MAY, True),
        ("0001T", MAY, True),
        ("0001T", JUNE, False),
        ("D0120", MAY, False),
        ("W0001", MAY, False),
        ("", MAY, False),
    ],
)
def test_a_service_is_lacking_only_of_a_release_that_is_loaded(code: str, day: date, lacks: bool) -> None:
    assert BOOK.lacks_service(code, day) is lacks
    assert ServiceBook().lacks_service(code, day) is False


@pytest.mark.parametrize(
    ("modifier", "day", "lacks"),
    [("RT", MAY, False), ("QQ", MAY, True), ("QQ", JULY, False), ("25", MAY, False), ("P3", MAY, False)],
)
def test_a_modifier_is_lacking_only_where_it_is_one_of_hcpcs(modifier: str, day: date, lacks: bool) -> None:
    assert BOOK.lacks_modifier(modifier, day) is lacks
