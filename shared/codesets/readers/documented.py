"""Tables that have no official layout, as CSV or XLSX with our own documented columns (docs/codesets.md).

Coverage rules, fee schedules and charge masters, place of service, Medicare Code Editor lists. Invariant: a price is an
exact decimal and stays the text that was written.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from shared.codesets.entry import Entry, Fact, FileRefused, Reading, SourceFile, read_day
from shared.codesets.readers.code_edits import is_manual, read_manual
from shared.codesets.readers.table import Row, read_table

_CODE = re.compile(r"[0-9A-Z][0-9A-Z.]{1,8}")
_DAY = "%Y-%m-%d"


def read_coverage(source: SourceFile) -> Reading:
    """`code`, `diagnoses` (codes or ranges, separated by spaces), `payer`, `starts`, `ends`."""
    return _read(source, ("code", "diagnoses", "payer", "starts", "ends"), ("code", "diagnoses", "starts"), _coverage)


def read_fees(source: SourceFile) -> Reading:
    """`code`, `modifier`, `payer` (empty is everyone), `price`, `starts`, `ends`."""
    columns = ("code", "modifier", "payer", "price", "starts", "ends")
    return _read(source, columns, ("code", "price", "starts"), _fee)


def read_places(source: SourceFile) -> Reading:
    """`code` (two digits), `name`, `description`, `starts`, `ends`."""
    return _read(source, ("code", "name", "description", "starts", "ends"), ("code", "name"), _place)


def read_code_editor(source: SourceFile) -> Reading:
    """CMS's manual as text; or `edit` (the list's name), `code`, `title`, `low_age`, `high_age`, `starts`, `ends`."""
    if is_manual(source):
        return read_manual(source)
    return _read(source, ("edit", "code", "title", "low_age", "high_age", "starts", "ends"), ("edit", "code"), _edit)


def _read(
    source: SourceFile, columns: Sequence[str], needed: Sequence[str], read_facts: Callable[[Row], Mapping[str, Fact]]
) -> Reading:
    entries = []
    for row in read_table(source, {name: name for name in columns}, needed):
        if not _CODE.fullmatch(row["code"]):
            raise FileRefused("the code is not one", line=row.line)
        starts, ends = (read_day(row[name], row.line, form=_DAY) for name in ("starts", "ends"))
        if starts and ends and ends < starts:
            raise FileRefused("the row ends before it starts", line=row.line)
        entries.append(Entry(row["code"], row["name"] or row["title"], starts, ends, read_facts(row)))
    if not entries:
        raise FileRefused("there are no rows below the heading", line=1)
    return Reading("", entries, {"codes": len({entry.code for entry in entries}), "rows": len(entries)})


def _coverage(row: Row) -> Mapping[str, Fact]:
    diagnoses = row["diagnoses"].split()
    if not all(_CODE.fullmatch(end) for each in diagnoses for end in each.split("-", 1)):
        raise FileRefused("a supporting diagnosis is neither a code nor a range of codes", line=row.line)
    return {"diagnoses": diagnoses, "payer": row["payer"]}


def _fee(row: Row) -> Mapping[str, Fact]:
    try:
        price = Decimal(row["price"])
    except InvalidOperation:
        raise FileRefused("the price is not a decimal", line=row.line) from None
    if not price.is_finite() or price < 0:
        raise FileRefused("the price is not an amount of zero or more", line=row.line)
    return {"price": row["price"], "modifier": row["modifier"], "payer": row["payer"]}


def _place(row: Row) -> Mapping[str, Fact]:
    if not re.fullmatch(r"\d\d", row["code"]):
        raise FileRefused("a place of service has two digits", line=row.line)
    return {"description": row["description"]} if row["description"] else {}


def _edit(row: Row) -> Mapping[str, Fact]:
    ages = {name: row[name] for name in ("low_age", "high_age") if row[name]}
    if not all(age.isdigit() for age in ages.values()):
        raise FileRefused("an age is not a number of years", line=row.line)
    return {"edit": row["edit"], **{name: int(age) for name, age in ages.items()}}
