"""Opens a scope for each cue of a text and says which effects hold at an offset.

Invariant: one pass over the tokens, in which every scope is opened and closed once and few are open at a time, so time
is linear in the text; an offset is answered by one bisection.
"""

from bisect import bisect_right
from collections.abc import Iterable

from services.coder.engine.assertion.cues import Cue, Effect, Lexicon, Reach, Side
from services.coder.engine.assertion.tokens import LINE_BREAK, SENTENCE_END, Tokens

_SENTENCE_ENDS = frozenset({SENTENCE_END, LINE_BREAK, "!", "?"})
_CLAUSE_ENDS = frozenset({";", ":", "-", "–", "—", "*", "•", "="})
_ASKS = frozenset({":", "?", "-", "–", "="})
_ANSWER_ENDS = _SENTENCE_ENDS | {",", ";", ")", "-", "–", "and", "but"}
_JOINS = frozenset({"and", "or", "nor"})
_MARKS = _SENTENCE_ENDS | _CLAUSE_ENDS | _JOINS | {",", "(", ")"}
_BREAKING = frozenset({",", "and"})
_ARTICLES = frozenset({"a", "an", "the"})
_ALL_EFFECTS = int(Effect.ALL)
_BITS = tuple(int(effect) for effect in Effect)
_BEFORE, _AFTER, _ANSWER, _STOP = Side
_NEXT, _ITEM, _PHRASE, _LIST, _SENTENCE = Reach
_WORD_LIMITS = {_NEXT: 2, _ITEM: 8, _PHRASE: 8}

Scope = tuple[int, int, int]
"""Start and end offset, and the effect (a bit of `Effect`) that holds between them."""


class Cover:
    """Which effects hold where: a step function over offsets."""

    def __init__(self, scopes: Iterable[Scope]) -> None:
        edges: list[tuple[int, int, int]] = []
        for start, end, bit in scopes:
            edges += ((start, bit, 1), (end, bit, -1))
        edges.sort()
        depth = dict.fromkeys(_BITS, 0)
        mask = 0
        self._starts = [-1]
        self._masks = [0]
        for offset, bit, step in edges:
            depth[bit] += step
            mask = mask | bit if depth[bit] else mask & ~bit
            self._starts.append(offset)
            self._masks.append(mask)

    def at(self, offset: int) -> int:
        """The bits of the effects whose scopes include `offset`."""
        return self._masks[bisect_right(self._starts, offset) - 1]


NOWHERE = Cover(())


class _Clause:
    """What a cue behind a condition may reach back over: where the clause began, its commas, how its list ends."""

    __slots__ = ("commas", "joined", "last_comma", "oxford", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.commas = self.last_comma = 0
        self.joined = self.oxford = False

    def read_comma(self, offset: int) -> None:
        self.commas, self.last_comma, self.joined = self.commas + 1, offset, False

    def reach_back(self) -> int:
        """Offset to which a cue at the end of the clause reaches: beyond a comma only when the commas make a list."""
        is_list = self.joined and self.commas > self.oxford
        return self.start if is_list or not self.commas else self.last_comma


def find_scopes(tokens: Tokens, lexicon: Lexicon) -> tuple[Cover, Cover]:
    """Return the effects of the cues before a condition (ask at its start) and of those after it (ask at its end)."""
    words, first_words = tokens.words, lexicon.first_words
    concerned = [index for index, word in enumerate(words) if word in first_words or word in _MARKS]
    reader = _Reader(tokens)
    resume = 0
    for index in concerned:
        if index >= resume:
            word = words[index]
            found = lexicon.match(words, index) if word in first_words else None
            if found is not None:
                resume, cues = found
                reader.read_cues(index, resume, cues)
            elif word in _MARKS:
                reader.read_mark(index)
    reader.end_sentence(tokens.starts[-1])
    return Cover(reader.before) if reader.before else NOWHERE, Cover(reader.after) if reader.after else NOWHERE


class _Reader:
    """Walks the tokens of one text once; holds the scopes and the clause that are open."""

    def __init__(self, tokens: Tokens) -> None:
        self.before: list[Scope] = []
        self.after: list[Scope] = []
        self._tokens, self._words, self._starts = tokens, tokens.words, tokens.starts
        self._open: dict[tuple[int, Reach], tuple[int, int]] = {}
        self._clause = _Clause(tokens.starts[0])
        self._asked = (-1, 0)
        self._parentheses: list[tuple[int, _Clause]] = []
        self._cue_end = -1

    def read_mark(self, index: int) -> None:
        """Read a token that belongs to no cue: a mark may end scopes, a joining word makes a list of its clause."""
        word, at = self._words[index], self._starts[index]
        if word in _SENTENCE_ENDS:
            self.end_sentence(at)
        elif word == ",":
            self._close(at, _PHRASE)
            self._clause.read_comma(at)
        elif word in _JOINS:
            self._close(at, _ITEM)
            self._clause.joined = True
            self._clause.oxford = self._previous(index) == ","
        elif word in _CLAUSE_ENDS:
            self._read_clause_end(index)
        elif word == "(":
            self._parentheses.append((at, self._clause))
            self._clause = _Clause(at)
        elif self._parentheses:
            opened_at, self._clause = self._parentheses.pop()
            self._close(at, _SENTENCE, since=opened_at)

    def read_cues(self, index: int, after: int, cues: tuple[Cue, ...]) -> None:
        """Read the meanings of the cue at tokens `index` to `after`."""
        if self._read_answer(index, after, cues):
            return
        is_mark = self._words[index] in _SENTENCE_ENDS
        is_prefix = is_mark and self._is_prefix(index)
        for cue in cues:
            if cue.side is _STOP:
                self._close(self._starts[index], _LIST, effects=cue.effect)
                self._clause = _Clause(self._starts[index])
            elif cue.side is _AFTER and not is_prefix:
                self._cover_back(index, cue)
            elif cue.side is _BEFORE and cue.effect and is_prefix == is_mark:
                self._open_scope(index, after, cue)
        if is_mark and not is_prefix:
            self.end_sentence(self._starts[index])

    def end_sentence(self, at: int) -> None:
        """Close every scope at offset `at` and begin a new clause."""
        for (effect, _), (start, limit) in self._open.items():
            _add(self.before, start, min(at, limit), effect)
        self._open.clear()
        self._parentheses.clear()
        self._begin_clause(at)

    def _begin_clause(self, at: int) -> None:
        """Begin a clause at the mark at offset `at`, which may ask what the clause before it tells of: "Fever: no."."""
        self._asked = (at, self._clause.start)
        self._clause = _Clause(at)

    def _previous(self, index: int) -> str:
        return self._tokens.word(self._tokens.before(index))

    def _is_prefix(self, index: int) -> bool:
        """Tell "?pneumonia" from "pneumonia?"."""
        return self._tokens.word(index + 1).isalnum() and not self._tokens.touches_word(index)

    def _read_answer(self, index: int, after: int, cues: tuple[Cue, ...]) -> bool:
        """Read "Fever: no." backwards; tell whether the cue is such an answer."""
        cue = cues[0]
        if cue.side is not _ANSWER or self._tokens.word(self._tokens.after(after)) not in _ANSWER_ENDS:
            return False
        asked_at, asked_from = self._asked
        before = self._tokens.before(index)
        is_asked = self._tokens.word(before) in _ASKS and self._starts[before] == asked_at
        start = asked_from if is_asked else self._clause.reach_back()
        _add(self.after, start, self._starts[index], cue.effect)
        return True

    def _cover_back(self, index: int, cue: Cue) -> None:
        start = self._clause.reach_back()
        if cue.reach <= _ITEM:
            start = max(start, self._starts[self._step_back(index, _WORD_LIMITS[cue.reach])])
        _add(self.after, start, self._starts[index], cue.effect)

    def _step_back(self, index: int, limit: int) -> int:
        """The index of the word at most `limit` words before `index`, without crossing a joining word."""
        for _ in range(limit):
            before = self._tokens.before(index)
            if before < 0 or self._words[before] in _JOINS:
                break
            index = before
        return index

    def _open_scope(self, index: int, after: int, cue: Cue) -> None:
        start, key = self._starts[after], (cue.effect, cue.reach)
        if cue.breaks and self._follows_break(index):
            self._close(self._starts[index], _LIST)
        if cue.reach <= _PHRASE:
            self._close(self._starts[index], cue.reach, effects=cue.effect)
        if key not in self._open:
            self._open[key] = (start, self._find_limit(after, cue.reach))
        self._cue_end = after

    def _follows_break(self, index: int) -> bool:
        before = self._tokens.before(index)
        if self._tokens.word(before) in _ARTICLES:
            before = self._tokens.before(before)
        return self._tokens.word(before) in _BREAKING

    def _find_limit(self, index: int, reach: Reach) -> int:
        """The offset at which a scope that begins with token `index` ends at the latest."""
        if reach not in _WORD_LIMITS:
            return self._starts[-1]
        for _ in range(_WORD_LIMITS[reach]):
            index = min(self._tokens.after(index) + 1, len(self._words))
        return self._starts[index]

    def _read_clause_end(self, index: int) -> None:
        """A colon or dash right behind its cue or "the following" introduces the scope instead of ending it."""
        before = self._tokens.before(index)
        if before + 1 == self._cue_end or self._tokens.word(before) == "following":
            return
        self._close(self._starts[index], _LIST)
        self._begin_clause(self._starts[index])

    def _close(self, at: int, reach: Reach, *, effects: int = _ALL_EFFECTS, since: int = -1) -> None:
        """Close the open scopes of at most `reach` and of some of `effects` that began after offset `since`."""
        if not self._open:
            return
        for key in [key for key in self._open if key[1] <= reach and key[0] & effects]:
            start, limit = self._open[key]
            if start > since:
                del self._open[key]
                _add(self.before, start, min(at, limit), key[0])


def _add(scopes: list[Scope], start: int, end: int, effect: int) -> None:
    if start < end:
        scopes.append((start, end, effect))
