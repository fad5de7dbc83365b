"""Typed reads and writes over `sql/*.sql`; the only modules of this service that see a row.

Invariant: nothing here opens a transaction or decides anything; the caller's connection says what belongs together.
"""

from services.coder import SCHEMA
from shared.postgres.statements import Statements

SQL = Statements("services.coder", schema=SCHEMA)
