"""Cuts a page into stretches, and those into the words and marks that cues are made of: the first step of assertion.

Invariant: a token begins where the one before it, with the spaces that follow it, ends; time is linear in the text.
What bears on no cue, such as other blank space or the line end of a wrapped line, is a blank token.
"""

import re
from functools import lru_cache

from services.coder.engine.page import Page, fold_case

BLANK = ""
LINE_BREAK = "\n"
SENTENCE_END = "."
_ABBREVIATIONS = frozenset({"dr", "mr", "mrs", "ms", "vs", "approx"})
_JOINING = frozenset({",", "and", "or", "nor", "of", "no", "the", "a", "an", "with", "without", "for", "to", "any"})
_JOINED = frozenset({"and", "or", "nor", "of"})
_MARKS = frozenset({SENTENCE_END, "-"})
_DOUBTFUL = _MARKS | {LINE_BREAK}
_SPACES = frozenset({" ", LINE_BREAK})
_LABEL = r"[A-Z][^\n:.]{0,40}:"
_LIST_ITEM = re.compile(rf"[-–—*•>\[]|\d{{1,2}}[.)]|[^\W\d_][.)]\s|{_LABEL}")
_SHORTEST_WRAPPED_LINE = 40
_SHORTEST_WRAPPED_LINE_BEFORE_CAPITAL = 60
# Only what ends a statement whatever stands around it: no cue and no abbreviation ends in a long word's full stop, and
# no line is wrapped before a blank line or an item of a list.
_SHORTEST_LAST_WORD = 4
_SURE_BEGINNING = re.compile(rf"[-–—*•>\[\n]|\d{{1,2}}[.)]|{_LABEL}")


class Tokens:
    """The tokens of a stretch of text, in order, with the offsets of their beginnings and that of the stretch's end."""

    __slots__ = ("starts", "words")

    def __init__(self, words: list[str], starts: list[int]) -> None:
        self.words, self.starts = words, starts

    def word(self, index: int) -> str:
        """The word at `index`; beyond the stretch there is a sentence end."""
        return self.words[index] if 0 <= index < len(self.words) else SENTENCE_END

    def touches_word(self, index: int) -> bool:
        """Whether a word ends exactly where the token at `index` begins."""
        word = self.word(index - 1)
        return word.isalnum() and self.starts[index - 1] + len(word) == self.starts[index]

    def before(self, index: int) -> int:
        """The index of the last token before `index` that is not blank, -1 without one."""
        index -= 1
        while index >= 0 and not self.words[index]:
            index -= 1
        return index

    def after(self, index: int) -> int:
        """The index of the first token from `index` on that is not blank, the number of tokens without one."""
        words, count = self.words, len(self.words)
        while index < count and not words[index]:
            index += 1
        return index


class Edge:
    """Where a stretch begins: the offset, the number of its first word, and that of the gap in which the offset is."""

    __slots__ = ("gap", "offset", "word")

    def __init__(self, offset: int, word: int, gap: int) -> None:
        self.offset, self.word, self.gap = offset, word, gap


def find_stretches(page: Page) -> list[Edge]:
    """The edges of a page's stretches, its end among them: each holds whole statements, which bear on no other's."""
    text, found = page.text, [Edge(0, 0, 0)]
    for number, (word, offset, gap) in enumerate(page.gaps):
        if gap[0] == SENTENCE_END and gap[1:2] in _SPACES and word and _ends_sentence(page.folded_words[word - 1]):
            found.append(Edge(offset, word, number))
        at = gap.find(LINE_BREAK)
        while at >= 0:
            if _SURE_BEGINNING.match(text, offset + at + 1):
                found.append(Edge(offset + at, word, number))
            at = gap.find(LINE_BREAK, at + 1)
    found.append(_end_of(page))
    return found


def _end_of(page: Page) -> Edge:
    return Edge(len(page.text), len(page.words), len(page.gaps))


def _ends_sentence(word: str) -> bool:
    """Whether a full stop behind `word` ends a sentence, whatever follows: shorter words may be shortened ones."""
    return len(word) >= _SHORTEST_LAST_WORD and not word.endswith("approx")


def tokenize(text: str) -> Tokens:
    """Split `text` into words and single marks."""
    page = Page(text)
    return cut(page, Edge(0, 0, 0), _end_of(page))


def cut(page: Page, first: Edge, last: Edge) -> Tokens:
    """The words of a stretch, and between them as tokens the marks that bear on a statement."""
    words: list[str] = []
    starts: list[int] = []
    doubtful: list[int] = []
    at = first.word
    for word, offset, gap in page.gaps[first.gap : last.gap + 1]:
        words += page.folded_words[at:word]
        starts += page.starts[at:word]
        at = word
        if offset < first.offset:
            offset, gap = first.offset, gap[first.offset - offset :]
        if offset + len(gap) > last.offset:
            gap = gap[: last.offset - offset]
        marks, doubts = _read_marks(gap)
        doubtful += [len(words) + doubt for doubt in doubts]
        end = offset + len(gap)
        words += marks
        starts += range(end - len(marks), end)
    words += page.folded_words[at : last.word]
    starts += page.starts[at : last.word]
    starts.append(last.offset)
    tokens = Tokens(words, starts)
    _settle_marks(tokens, doubtful, page.text)
    return tokens


@lru_cache(maxsize=1_000)
def _read_marks(gap: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The marks of a gap, blank where they are space, and which are doubtful; blanks behind a word are its own."""
    marks = [BLANK if mark.isspace() and mark != LINE_BREAK else mark for mark in fold_case(gap).lstrip(" ")]
    return tuple(marks), tuple(at for at, mark in enumerate(marks) if mark in _DOUBTFUL)


def _settle_marks(tokens: Tokens, doubtful: list[int], text: str) -> None:
    """Blank those of the `doubtful` marks of `tokens`, a stretch of `text`, that bear on no statement."""
    words, starts = tokens.words, tokens.starts
    line_start = -1
    for index in doubtful:
        if words[index] == LINE_BREAK:
            at = starts[index]
            length = at - (line_start if line_start >= 0 else text.rfind(LINE_BREAK, 0, at) + 1)
            line_start = at + 1
            bears = not _is_wrapped(text, tokens, index, length)
        else:
            bears = not _is_part_of_word(tokens, index)
        if not bears:
            words[index] = BLANK


def _is_part_of_word(tokens: Tokens, index: int) -> bool:
    """Tell a decimal point, an abbreviation's full stop or a hyphen from an end or a dash."""
    if tokens.words[index] == SENTENCE_END and tokens.word(index - 1) in _ABBREVIATIONS:
        return True
    return tokens.word(index + 1).isalnum() and tokens.touches_word(index)


def _is_wrapped(text: str, tokens: Tokens, index: int, length: int) -> bool:
    """Tell whether the line of `length` characters that ends at token `index` goes on in the same statement."""
    following = tokens.starts[tokens.after(index + 1)]
    if following >= len(text) or text[following] == LINE_BREAK or _LIST_ITEM.match(text, following):
        return False
    if tokens.word(tokens.before(index)) in _JOINING or tokens.word(tokens.after(index + 1)) in _JOINED:
        return True
    if text[following].islower():
        return length >= _SHORTEST_WRAPPED_LINE
    return length >= _SHORTEST_WRAPPED_LINE_BEFORE_CAPITAL
