"""Cursors come back as they were written, and nothing else is one."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from shared.contracts.errors import InvalidContent
from shared.pages import MOMENTS, CursorOf, Moment, cut_page

KEY = Moment(datetime(2026, 11, 22, 3, 4, 5, 678901, UTC), UUID("5b7c0f8e-0c50-4b7e-8f2f-6f1f7f0f4d11"))


def test_a_cursor_is_read_as_it_was_written() -> None:
    assert MOMENTS.read(MOMENTS.write(KEY)) == KEY


@pytest.mark.parametrize("made_up", ["", "nonsense", "e30", "bnVsbA", "\u00e9", MOMENTS.write(KEY)[:-3], "a=b"])
def test_what_a_client_makes_up_is_no_cursor(made_up: str) -> None:
    with pytest.raises(InvalidContent, match="`next` of an earlier page"):
        MOMENTS.read(made_up)


def test_a_cursor_brings_no_text_that_postgresql_cannot_hold() -> None:
    names = CursorOf(str)
    with pytest.raises(InvalidContent):
        names.read(names.write("a\x00b"))


@pytest.mark.parametrize(("rows", "shown", "last"), [([], [], None), ([1, 2], [1, 2], None), ([1, 2, 3], [1, 2], 2)])
def test_a_page_says_whether_another_follows(rows: list[int], shown: list[int], last: int | None) -> None:
    assert cut_page(rows, 2) == (shown, last)
