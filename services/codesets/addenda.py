"""Applies an addendum to the release that is loaded, which gives the next release.

Place in the flow: `load` asks it when the file is an addendum. Invariant: addendum and new release are stored in one
transaction, or neither is; the whole file itself, once it is loaded for the day, needs no addendum.
"""

from collections.abc import Callable
from datetime import date
from functools import partial

from shared.codesets.addendum import apply_addendum, apply_tables_addendum
from shared.codesets.entry import Entries, Reading
from shared.codesets.icd10cm import dot_code
from shared.codesets.kinds import KINDS, Kind
from shared.codesets.opening import Opened, hash_parts
from shared.codesets.store import list_releases, read_entries
from shared.postgres.pool import Connection

_ONTO: dict[str, tuple[str, Callable[[Entries, Reading], Reading]]] = {
    "icd10cm-order-addenda": ("icd10cm-order", partial(apply_addendum, spell=dot_code)),
    "icd10pcs-order-addenda": ("icd10pcs-order", partial(apply_addendum, spell=str)),
    "icd10pcs-tables-addenda": ("icd10pcs-tables", apply_tables_addendum),
}


async def apply_to_loaded(
    connection: Connection, kind: Kind, opened: Opened, effective: date
) -> tuple[Kind, Opened] | None:
    """The release that an addendum makes of the one loaded before its day; None without one, or with the new one."""
    if kind.name not in _ONTO:
        return None
    target, apply = _ONTO[kind.name]
    releases = [each for each in await list_releases(connection) if each.kind == target and each.effective <= effective]
    if not releases or releases[-1].effective == effective:
        return None
    old = releases[-1]
    reading = apply(await read_entries(connection, old.release_id), opened.reading)
    return KINDS[target], Opened(
        f"{opened.name} onto {old.file_name}", hash_parts([old.sha256, opened.sha256]), reading
    )
