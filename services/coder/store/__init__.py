"""Typed reads and writes over `sql/*.sql`; the only modules of this service that see a row.

Invariant: nothing here opens a transaction or decides anything; the caller's connection says what belongs together.
"""

from services.coder import SCHEMA
from shared.pages import Moment
from shared.postgres.statements import Statements

SQL = Statements("services.coder", schema=SCHEMA)


def bound_page(after: Moment | None) -> dict[str, object]:
    """Return where a page begins as the parameters of a statement that lists rows in order of time."""
    return {"after_at": after.at if after else None, "after_id": after.row_id if after else None}
