"""Which HCPCS code a drug's package is billed by, and what one billing unit of it is.

Source: CMS, "ASP NDC-HCPCS Crosswalk", quarterly, CSV or XLSX: notes, a heading (_2025_CODE, Short Description,
LABELER NAME, NDC2, Drug Name, HCPCS dosage, PKG SIZE, PKG QTY, BILLUNITS, BILLUNITSPKG), then a row a package, its NDC
in the form 5-4-2. Invariant: an entry's code is the NDC in eleven digits; a row with another number, such as that of
a device, has none.
"""

import re

from shared.codesets.entry import Entry, Fact, FileRefused, Reading, SourceFile
from shared.codesets.ndc import fold_ndc
from shared.codesets.readers.table import Row, read_table

_HCPCS = re.compile(r"[A-Z]\d{4}|\d{4}[0-9A-Z]")
_NUMBER = re.compile(r"\d*\.?\d+")
_RELEASE = re.compile(r"(January|April|July|October)[ _-]+(20\d\d)", re.IGNORECASE)
_COLUMNS = {
    **{f"_{year}_code": "hcpcs" for year in range(2005, 2100)},
    "hcpcs code": "hcpcs",
    "ndc": "ndc",
    "ndc2": "ndc",
    "drug name": "name",
    "hcpcs dosage": "dosage",
    "pkg size": "size",
    "pkg qty": "quantity",
    "billunits": "units",
    "billunitspkg": "units_of_package",
}
_NUMBERS = ("size", "quantity", "units", "units_of_package")


def read_ndc_crosswalk(source: SourceFile) -> Reading:
    """An entry a package: `hcpcs`, `dosage` of one billing unit as written, and how many units it is, where stated."""
    rows = read_table(source, _COLUMNS, ("hcpcs", "ndc", "dosage"), encoding="latin-1")
    entries = [_make_entry(row, ndc) for row in rows if _is_billed(row) and (ndc := fold_ndc(row["ndc"]))]
    if not entries:
        raise FileRefused("there are no packages below the heading", line=source.content.count(b"\n"))
    found = _RELEASE.search(source.name)
    release = f"{found[1].capitalize()} {found[2]}" if found else ""
    codes = len({str(entry.facts["hcpcs"]) for entry in entries})
    return Reading(release, entries, {"codes": codes, "packages": len(entries), "others": len(rows) - len(entries)})


def _is_billed(row: Row) -> bool:
    if not _HCPCS.fullmatch(row["hcpcs"]):
        raise FileRefused("not a HCPCS code", line=row.line)
    wrong = [name for name in _NUMBERS if row[name] and not _NUMBER.fullmatch(row[name].replace(",", ""))]
    if wrong:
        raise FileRefused(f"the {wrong[0].replace('_', ' ')} is not a number", line=row.line)
    return True


def _make_entry(row: Row, ndc: str) -> Entry:
    facts: dict[str, Fact] = {"hcpcs": row["hcpcs"], "dosage": row["dosage"]}
    facts.update({name: row[name].replace(",", "") for name in _NUMBERS if row[name]})
    return Entry(ndc, row["name"], facts=facts)
