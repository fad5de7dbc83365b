"""Tells a note among coders from a question to a clinician, which must be a query.

Place in the flow: `service.threads` asks it before anything is kept; pure. Invariant: what it refuses never gets into a
thread, so that no question to a clinician goes round the linter.
"""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from shared.contracts.errors import ChartlineError

_NOBODY = r"(?!)"


class NoteAsksClinician(ChartlineError):
    """The note asks a clinician something; that is a query, which is linted and kept with the record."""

    code = "note-asks-clinician"
    http_status = 422
    issue_type = "business-rule"


@cache
def _load() -> tuple[str, str, str]:
    table = tomllib.loads((files(__package__) / "notes.toml").read_text("utf-8"))
    return "|".join(f"(?:{phrase})" for phrase in table["phrases"]), table["asks"], table["fix"]


def require_note(text: str, clinicians: Iterable[str] = (), *, expression: str = "body") -> None:
    """Raise NoteAsksClinician for a note that addresses a clinician; `clinicians` are their family names."""
    phrases, asks, fix = _load()
    names = "|".join(re.escape(name) for name in clinicians if name)
    pattern = phrases.replace("NAME", f"(?:{names or _NOBODY})")
    if re.search(pattern, text.replace("’", "'"), re.IGNORECASE | re.MULTILINE):
        raise NoteAsksClinician(f"{asks} {fix}", expression=expression)
