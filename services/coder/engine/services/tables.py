"""Reads the tables of facts beside this package's code.

Invariant: a row has exactly the columns of its table's first line that is no comment; anything else raises ValueError.
"""

from functools import cache
from importlib.resources import files

_ANY = "*"


def list_payer_rows(name: str, payer: str) -> list[dict[str, str]]:
    """List the rows of a payers' table whose `payer` is in that name; the row * is for all."""
    lower = payer.lower()
    return [row for row in load_rows(name) if row["payer"] == _ANY or row["payer"] in lower]


@cache
def load_rows(name: str) -> tuple[dict[str, str], ...]:
    """Load the rows of a TSV table of this package, in the order of the file, by column name."""
    lines = files(__package__).joinpath(name).read_text("utf-8").splitlines()
    columns, *rows = (tuple(line.split("\t")) for line in lines if line and not line.startswith("#"))
    return tuple(dict(zip(columns, row, strict=True)) for row in rows)
