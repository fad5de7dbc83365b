"""The code book of a running service: what is loaded in PostgreSQL over what comes with Chartline.

Place in the flow: the queue API and the edits ask it. Invariant: a release that was loaded is seen within
`refresh_seconds`, without a restart; what was read once is never read from the database again.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from shared.codesets.book import Answer, CodeBook, Line, Shelf
from shared.codesets.entry import Entry
from shared.codesets.icd10cm import dot_code
from shared.codesets.kinds import KINDS, Role, System
from shared.codesets.news import CodeNews, list_news
from shared.codesets.packaged import packaged_shelves
from shared.codesets.search import SearchIndex, Term
from shared.codesets.snapshot import find_lines, load_lines
from shared.codesets.store import Release, list_releases, read_entries
from shared.postgres.pool import Pool

_INDEXES_KEPT = 2


class Library:
    """Answers by date, over one pool. Its memory holds every loaded release of codes and two search indexes."""

    def __init__(self, pool: Pool, *, refresh_seconds: float = 60.0) -> None:
        self._pool = pool
        self._refresh_seconds = refresh_seconds
        self._looked_at: float | None = None
        self._releases: list[Release] | None = None
        self._book = CodeBook(())
        self._shelves: dict[int, Shelf] = {}
        self._indexes: dict[tuple[str, ...], SearchIndex] = {}
        self._lock = asyncio.Lock()

    async def open_book(self) -> CodeBook:
        """The code book as of now, or of at most `refresh_seconds` ago."""
        async with self._lock:
            if self._looked_at is None or time.monotonic() - self._looked_at >= self._refresh_seconds:
                await self._refresh()
                self._looked_at = time.monotonic()
            return self._book

    async def look_up(self, system: System, code: str, on: date) -> Answer | None:
        """What `code` means on `on`; the first look-up of a fiscal year may take seconds, in a thread."""
        book = await self.open_book()
        return await asyncio.to_thread(lambda: book.look_up(system, code, on) or book.look_up_unnamed(system, code, on))

    async def search(
        self, question: str, on: date, *, system: System | None = None, limit: int
    ) -> list[tuple[Term, Answer]]:
        """Codes that may be reported on `on` and have the words of `question`, best first."""
        book = await self.open_book()
        async with self._lock:
            index = await self._open_index(book, on)
        return await asyncio.to_thread(_search, index, book, question, on, system, limit)

    async def list_news(self, codes: Sequence[tuple[System, str]], since: date, until: date) -> list[CodeNews]:
        """What changes for `codes` from `since` to `until`, the latest first."""
        book = await self.open_book()
        return await asyncio.to_thread(list_news, book, codes, since, until)

    async def _refresh(self) -> None:
        releases = await list_releases(self._pool)
        if releases == self._releases:
            return
        for release in releases:
            await self._add(release)
        packaged = await asyncio.to_thread(packaged_shelves)
        self._book = CodeBook([*packaged, *self._shelves.values()])
        self._indexes.clear()
        self._releases = releases

    async def _add(self, release: Release) -> None:
        kind = KINDS.get(release.kind)
        if kind is None or kind.role is not Role.CODES or release.release_id in self._shelves:
            return
        key = f"{release.kind}-{release.sha256}-{release.effective}"
        lines = await asyncio.to_thread(find_lines, key)
        if lines is None:
            entries = await read_entries(self._pool, release.release_id)
            lines = await asyncio.to_thread(load_lines, key, lambda: {entry.code: _line(entry) for entry in entries})
        self._shelves[release.release_id] = Shelf(key, kind.system, release.release, release.effective, lines)

    async def _open_index(self, book: CodeBook, on: date) -> SearchIndex:
        shelves, indexes = book.shelves(on), _in_force(self._releases or [], on)
        key = (*(shelf.key for shelf in shelves), *(str(release.release_id) for release in indexes))
        if key not in self._indexes:
            more = [(_system(release), await read_entries(self._pool, release.release_id)) for release in indexes]
            while len(self._indexes) >= _INDEXES_KEPT:
                self._indexes.pop(next(iter(self._indexes)))
            self._indexes[key] = await asyncio.to_thread(lambda: SearchIndex(list_terms(shelves, more)))
        return self._indexes[key]


def _in_force(releases: Sequence[Release], on: date) -> list[Release]:
    """The releases of indexes in force on a day, one a kind."""
    latest = {release.kind: release for release in releases if release.effective <= on}
    return [release for kind, release in latest.items() if kind in KINDS and KINDS[kind].role is Role.TERMS]


def _system(release: Release) -> System:
    return KINDS[release.kind].system


def list_terms(shelves: Sequence[Shelf], indexes: Sequence[tuple[System, Sequence[Entry]]]) -> Iterator[Term]:
    """Every title and further term of the codes on `shelves`, the codes themselves, and the lines of `indexes`."""
    for shelf in shelves:
        for code, line in shelf.lines.items():
            yield Term(shelf.system, code, f"{code} {line.title}")
            yield from (Term(shelf.system, code, term) for term in line.terms)
    lines = {shelf.system: shelf.lines for shelf in shelves}
    for system, entries in indexes:
        for entry in entries:
            if complete := _complete(entry.code, lines.get(system, {})):
                yield Term(system, complete, entry.title)


def _complete(code: str, lines: Mapping[str, Line]) -> str | None:
    """The code that a line of an index leads to; where a 7th character is due, that of the initial encounter."""
    if code in lines and lines[code].billable:
        return code
    initial = dot_code(code.replace(".", "").ljust(6, "X") + "A")
    return initial if code and initial in lines else None


def _line(entry: Entry) -> Line:
    terms = entry.facts.get("terms", ())
    words = terms if isinstance(terms, list) else ()
    return Line(entry.title, entry.facts.get("billable") is not False, entry.starts, entry.ends, words)


def _search(
    index: SearchIndex, book: CodeBook, question: str, on: date, system: System | None, limit: int
) -> list[tuple[Term, Answer]]:
    answers: dict[Term, Answer] = {}

    def accept(term: Term) -> bool:
        if system is not None and term.system != system:
            return False
        answer = book.look_up(System(term.system), term.code, on)
        if answer is None or not answer.valid:
            return False
        answers[term] = answer
        return True

    return [(term, answers[term]) for term in index.search(question, limit=limit, accept=accept)]
