"""ICD-10-CM and ICD-10-PCS order files, and their addenda.

Source: the layout that CMS publishes beside them (icd10OrderFile.pdf): order number 1-5, code 7-13, validity 15 (1 is a
complete code, 0 a header), short title 17-76, long title from 78. An addendum has an action of 13 characters instead
of the order number. Invariant: order numbers run from 1 without a gap.
"""

import re
from collections import Counter

from shared.codesets.entry import Entry, FileRefused, Reading, SourceFile, require_last
from shared.codesets.icd10cm import dot_code

_ROW = re.compile(
    r"(?P<order>\d{5}) (?P<code>[0-9A-Z]{3,7}) *(?<=^.{14})(?P<valid>[01]) (?P<short>.{60}) (?P<long>\S.*)$"
)
_ADDENDUM = re.compile(r"(?P<action>Add|Delete|Revise from|Revise to): +(?P<code>[0-9A-Z]{3,7})\s+(?P<titles>\S.*)$")
_STATED = re.compile(r"^\s*(\d+) (codes|headers)\b", re.MULTILINE)
_SHORT_WIDTH = 61
_YEAR = re.compile(r"(20\d\d)")


def read_icd10cm_order(source: SourceFile) -> Reading:
    """An ICD-10-CM order file; codes come dotted."""
    return _read_order(source, "Z", dotted=True)


def read_icd10pcs_order(source: SourceFile) -> Reading:
    """An ICD-10-PCS order file; the addendum in the same zip states how many codes and headers it has."""
    reading = _read_order(source, "X", dotted=False)
    for name, content in source.companions.items():
        if "addenda" in name:
            _check_stated(reading, content.decode("latin-1"))
    return reading


def _read_order(source: SourceFile, last_section: str, *, dotted: bool) -> Reading:
    entries = []
    for number, line in enumerate(source.lines(), start=1):
        row = _ROW.match(line)
        if row is None:
            raise FileRefused("not a row of an order file", line=number)
        if int(row["order"]) != number:
            raise FileRefused("order numbers do not follow each other", line=number)
        code = row["code"]
        if not dotted and len(code) != (7 if row["valid"] == "1" else 3):
            raise FileRefused("not a code or header of ICD-10-PCS", line=number)
        if dotted and not code[0].isalpha():
            raise FileRefused("not a code of ICD-10-CM", line=number)
        facts = {"billable": row["valid"] == "1", "short": row["short"].rstrip()}
        entries.append(Entry(dot_code(code) if dotted else code, row["long"].strip(), facts=facts))
    require_last(entries, last_section, source)
    billable = sum(entry.facts["billable"] is True for entry in entries)
    return Reading(_year(source.name), entries, {"codes": billable, "headers": len(entries) - billable})


def _check_stated(reading: Reading, addendum: str) -> None:
    stated = {what: int(count) for count, what in _STATED.findall(addendum)}
    for what, count in stated.items():
        if reading.counts[what] != count:
            raise FileRefused(
                f"the file has {reading.counts[what]} {what}, its addendum states {count}", line=len(reading.entries)
            )


def read_order_addenda(source: SourceFile) -> Reading:
    """The addendum to an order file: codes added, deleted and revised; its closing table is checked."""
    entries: list[Entry] = []
    lines = source.lines()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            break
        row = _ADDENDUM.match(line)
        if row is None:
            raise FileRefused("not a row of an order addendum", line=number)
        title = row["titles"][_SHORT_WIDTH:].strip() or row["titles"].strip()
        facts = {"action": row["action"].lower(), "short": row["titles"][: _SHORT_WIDTH - 1].strip()}
        entries.append(Entry(row["code"], title, facts=facts))
    if not entries or not any(_STATED.match(line) for line in lines[len(entries) :]):
        raise FileRefused("the closing table of counts is missing: the file is truncated", line=len(lines))
    actions = Counter(str(entry.facts["action"]) for entry in entries)
    _check_changes(lines[len(entries) :], actions, len(lines))
    changes = {action.replace(" ", "_"): count for action, count in actions.items()}
    counts = {"codes": len(entries), **changes, **_read_stated(lines[len(entries) :])}
    return Reading(_year(source.name), entries, counts)


def _read_stated(closing: list[str]) -> dict[str, int]:
    """How many codes and headers there were and are: the closing table names the old file first."""
    found: dict[str, list[int]] = {"codes": [], "headers": []}
    for count, what in _STATED.findall("\n".join(closing)):
        found[what].append(int(count))
    return {
        f"{what}_{when}": count
        for what, stated in found.items()
        for when, count in zip(("before", "after"), stated, strict=False)
    }


def _check_changes(closing: list[str], actions: Counter[str], last: int) -> None:
    text = "\n".join(closing)
    for action, words in (("add", "addition"), ("delete", "deletion")):
        stated = sum(int(count) for count in re.findall(rf"(\d+) {words}", text))
        if stated != actions[action]:
            raise FileRefused(f"the file has {actions[action]} {words}s, its closing table states {stated}", line=last)


def _year(name: str) -> str:
    found = _YEAR.search(name)
    return f"FY{found[1]}" if found else ""
