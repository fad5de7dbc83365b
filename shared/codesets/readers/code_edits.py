"""The Medicare Code Editor's lists, from the text of CMS's manual "Definitions of Medicare Code Edits".

Source: the text file beside the manual's PDF (Definitions of Medicare Code Edits_v_NN.txt, Latin-1). Contents whose
lines end in a tab and a page number; then edit by edit a heading ("4. Age conflict"), prose, lettered headings where it
has several lists ("B. Pediatric diagnoses (age 0 through 17)"), and a line a code: without its dot, a tab, its title.
A chapter of changes since the last version follows. No copy of the file is at hand: this is what those who read it for
years rely on. Invariants: a line within a list is a code, or refused; the lists run to the last edit of the contents.
"""

import re
from collections.abc import Mapping

from shared.codesets.entry import Entry, Fact, FileRefused, Reading, SourceFile
from shared.codesets.icd10cm import dot_code

_TITLE = "definitions of medicare code edits"
_TITLE_WITHIN = 4_096
_HEADING = re.compile(r"(\d{1,2})\. \S.*")
_LETTERED = re.compile(r"[A-Z]\. \S.*")
_CHAPTER = re.compile(r"(?i)(?:chapter [2-9]|appendix)\b.*")
_OF_CONTENTS = re.compile(r".*\t\s*\d+")
_ROW = re.compile(r"\*?([0-9A-Z]{3,7})\*?[ ]*\t\s*(\S.*)")
_DIAGNOSIS = re.compile(r"[A-Z]\d[0-9A-Z]{1,5}")
_PROCEDURE = re.compile(r"[0-9B-DF-HX][0-9A-HJ-NP-Z]{6}")
_AGES = re.compile(r"\(age (\d+) through (\d+)\)", re.IGNORECASE)
_VERSION = re.compile(r"[Vv][_ ]?(\d\d)(?:[._](\d))?")
_LEAST = 5_000
"""How many codes the lists of any version since 2015 have at least."""


def is_manual(source: SourceFile) -> bool:
    """Whether this is the manual, and no table of our own layout."""
    return _TITLE in source.content[:_TITLE_WITHIN].decode("latin-1").lower()


def read_manual(source: SourceFile) -> Reading:
    """An entry a line of a list: `edit` and `list` are its headings, `low_age` and `high_age` the years that fit."""
    text = source.content.decode("latin-1")
    lists = _Lists()
    for line, content in enumerate(text.splitlines(), start=1):
        lists.take(line, content.strip(" "))
    lists.require_end(len(text.splitlines()), whole_line=text.endswith("\n"))
    codes = len({entry.code for entry in lists.entries})
    if codes < _LEAST and not source.excerpt:
        raise FileRefused(
            f"{codes} codes where the whole manual has at least {_LEAST}: it is truncated", line=lists.last_row
        )
    found = _VERSION.search(source.name)
    release = "v" + ".".join(part for part in found.groups() if part) if found else ""
    return Reading(release, lists.entries, {"codes": codes, "rows": len(lists.entries), "lists": lists.count})


class _Lists:
    """The lists as read so far, and where in the manual that is."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.count = self.last_row = 0
        self._edit, self._number, self._lettered, self._prose = "", 0, "", ""
        self._highest, self._in_list = 0, False
        self._awaits_chapter = self._is_over = False

    def take(self, line: int, content: str) -> None:
        """Read one line."""
        heading = _HEADING.fullmatch(content)
        if heading and not self._is_over:
            self._highest = max(self._highest, int(heading[1]))
        if not content.strip() or self._is_over:
            return
        if _CHAPTER.fullmatch(content):
            self._turn_chapter(content)
        elif _OF_CONTENTS.fullmatch(content) and not self._in_list:
            return
        elif heading:
            self._begin_edit(int(heading[1]), content)
        elif "\t" in content and (self._in_list or _ROW.fullmatch(content)):
            self._take_row(line, content)
        else:
            self._lettered = content if _LETTERED.fullmatch(content) else self._lettered
            self._prose, self._in_list = content, False

    def require_end(self, line: int, *, whole_line: bool) -> None:
        """Refuse a text that stops before the lists do."""
        if not self.entries:
            raise FileRefused("the manual has no list of codes", line=line)
        if not self._is_over and (self._number < self._highest or self._awaits_chapter or not whole_line):
            raise FileRefused(
                f"the lists stop at edit {self._number} of {self._highest}: the file is truncated", line=line
            )

    def _turn_chapter(self, content: str) -> None:
        if _OF_CONTENTS.fullmatch(content):
            self._awaits_chapter = True
        elif self.entries:
            self._is_over = self._number == self._highest

    def _begin_edit(self, number: int, content: str) -> None:
        # After the first list headings ascend; where they begin anew, the changes since the last version are told.
        if self.entries and number < self._number:
            self._is_over = self._number == self._highest
        self._edit, self._number, self._lettered, self._in_list = content, number, "", False

    def _take_row(self, line: int, content: str) -> None:
        row = _ROW.fullmatch(content)
        listed = self._lettered or self._prose
        code = _spell(row[1], f"{self._edit} {listed}") if row and self._edit else None
        if row is None or code is None:
            raise FileRefused("not a code, a tab and its title, within a list of the manual", line=line)
        self.count += not self._in_list
        self._in_list, self.last_row = True, line
        facts: dict[str, Fact] = {"edit": self._edit, "list": listed, **_read_ages(listed)}
        self.entries.append(Entry(code, row[2].strip(), facts=facts))


def _spell(code: str, headings: str) -> str | None:
    """A diagnosis with its dot, or a procedure; None for neither. Some seven characters could be both."""
    is_procedure = _PROCEDURE.fullmatch(code) is not None
    if _DIAGNOSIS.fullmatch(code) and not (is_procedure and "procedure" in headings.lower()):
        return dot_code(code)
    return code if is_procedure else None


def _read_ages(listed: str) -> Mapping[str, Fact]:
    ages = _AGES.search(listed)
    if ages:
        return {"low_age": int(ages[1]), "high_age": int(ages[2])}
    return {"low_age": 0, "high_age": 0} if "newborn diagnoses" in listed.lower() else {}
