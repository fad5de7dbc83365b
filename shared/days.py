"""Days as requests write them.

Invariant: only `YYYY-MM-DD` is a day. pydantic alone would also read a number, as seconds since 1970, so that a slip
like `due_by=0` became an answer about another day instead of a refusal.
"""

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _refuse_numbers(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("a day is written YYYY-MM-DD")


IsoDay = Annotated[date, BeforeValidator(_refuse_numbers)]
