"""Named SQL statements, kept in `sql/*.sql` beside the code that uses them.

A file holds statements, each begun by a line `-- name: lease_next` and comment lines that describe it. `:name` is a
parameter, `{schema}` the service's schema. A statement is sent as `$1, $2, ...` in order of first appearance.

Invariant: a statement is called with exactly the parameters that it names; a typo fails before anything is sent.
"""

import re
from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

import asyncpg

from shared.postgres.pool import Connection, Executor

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)
_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
_IDENTIFIER = re.compile(r"^[a-z_][a-z0-9_]*$")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as PostgreSQL takes it, and the names of its parameters in order."""

    name: str
    text: str
    parameters: tuple[str, ...]

    def bind(self, values: dict[str, object]) -> list[object]:
        """Order `values` as the statement wants them; raises TypeError on a missing or unknown name."""
        if values.keys() != set(self.parameters):
            raise TypeError(f"statement {self.name} takes {sorted(self.parameters)}, not {sorted(values)}")
        return [values[name] for name in self.parameters]


def parse_statements(source: str, schema: str) -> Iterable[Statement]:
    """Split a `.sql` file into its statements."""
    if not _IDENTIFIER.match(schema):
        raise ValueError(f"{schema!r} is not a plain schema name")
    parts = _NAME.split(source)[1:]
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        text = _COMMENT.sub("", body).strip().replace("{schema}", schema)
        parameters = tuple(dict.fromkeys(_PARAMETER.findall(text)))
        yield Statement(name, _number_parameters(text, parameters), parameters)


def _number_parameters(text: str, parameters: tuple[str, ...]) -> str:
    return _PARAMETER.sub(lambda match: f"${parameters.index(match[1]) + 1}", text)


class Statements:
    """All statements of one package for one schema; read at first use."""

    def __init__(self, package: str, *, schema: str) -> None:
        self.package = package
        self.schema = schema

    @cached_property
    def by_name(self) -> dict[str, Statement]:
        """Every statement by its name; raises ValueError when two files use one name."""
        found: dict[str, Statement] = {}
        for file in sorted((files(self.package) / "sql").iterdir(), key=lambda entry: entry.name):
            for statement in parse_statements(file.read_text(encoding="utf-8"), self.schema):
                if statement.name in found:
                    raise ValueError(f"two statements of {self.package} are called {statement.name}")
                found[statement.name] = statement
        return found

    def _prepare(self, name: str, values: dict[str, object]) -> tuple[str, list[object]]:
        statement = self.by_name[name]
        return statement.text, statement.bind(values)

    async def execute(self, connection: Executor, statement: str, /, **values: object) -> str:
        """Run a statement and return PostgreSQL's command tag."""
        text, arguments = self._prepare(statement, values)
        return await connection.execute(text, *arguments)

    async def fetch(self, connection: Executor, statement: str, /, **values: object) -> list[asyncpg.Record]:
        """Run a statement and return all rows."""
        text, arguments = self._prepare(statement, values)
        return await connection.fetch(text, *arguments)

    async def fetch_many(
        self, connection: Executor, statement: str, /, calls: Iterable[dict[str, object]]
    ) -> list[asyncpg.Record]:
        """Run a statement for each of `calls` in order, in one round trip and one transaction; return all rows."""
        named = self.by_name[statement]
        return await connection.fetchmany(named.text, [named.bind(values) for values in calls])

    async def fetchrow(self, connection: Executor, statement: str, /, **values: object) -> asyncpg.Record | None:
        """Run a statement and return its first row, if any."""
        text, arguments = self._prepare(statement, values)
        return await connection.fetchrow(text, *arguments)

    async def fetchval(self, connection: Executor, statement: str, /, **values: object) -> Any:
        """Run a statement and return the first column of its first row; its type is the column's."""
        text, arguments = self._prepare(statement, values)
        return await connection.fetchval(text, *arguments)

    def cursor(
        self,
        connection: Connection,
        statement: str,
        rows_a_fetch: int,
        seconds: float | None = None,
        /,
        **values: object,
    ) -> AsyncIterable[asyncpg.Record]:
        """Run a statement within the caller's transaction and yield its rows, `rows_a_fetch` at a time.

        `seconds` is how long one fetch may take, where the sorting before the first takes longer than a command may.
        """
        text, arguments = self._prepare(statement, values)
        found: AsyncIterable[asyncpg.Record] = connection.cursor(
            text, *arguments, prefetch=rows_a_fetch, timeout=seconds
        )
        return found
