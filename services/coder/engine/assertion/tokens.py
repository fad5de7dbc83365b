"""Splits a text into the words and marks that cues are made of; the first step of assertion.

Invariant: a token begins where the one before it, with the spaces that follow it, ends; time is linear in the text.
What bears on no cue, such as other blank space or the line end of a wrapped line, is a blank token.
"""

import re
from dataclasses import dataclass
from itertools import accumulate, repeat

BLANK = ""
LINE_BREAK = "\n"
SENTENCE_END = "."
_TOKEN = re.compile(r"[^\W_]+ *|.", re.DOTALL)
_TOKEN_OF_ASCII = re.compile(r"[0-9a-z]+ *|.", re.DOTALL)
"""The same where a folded text is ASCII, in less time."""
_ABBREVIATIONS = frozenset({"dr", "mr", "mrs", "ms", "vs", "approx"})
_JOINING = frozenset({",", "and", "or", "nor", "of", "no", "the", "a", "an", "with", "without", "for", "to", "any"})
_JOINED = frozenset({"and", "or", "nor", "of"})
_MARKS = frozenset({SENTENCE_END, "-"})
_BLANKS = frozenset(char for char in map(chr, range(0x3001)) if char.isspace()) - {" ", LINE_BREAK}
_DOUBTFUL = _MARKS | _BLANKS | {LINE_BREAK}
_ANY_MARK = re.compile(r"[\W_]")
_MARKS_OF_ASCII = {ord(char): " " for char in map(chr, range(128)) if not char.isalnum()}
_LABEL = r"[A-Z][^\n:.]{0,40}:"
_LIST_ITEM = re.compile(rf"[-–—*•>\[]|\d{{1,2}}[.)]|[^\W\d_][.)]\s|{_LABEL}")
_SHORTEST_WRAPPED_LINE = 40
_SHORTEST_WRAPPED_LINE_BEFORE_CAPITAL = 60
# Only marks that end a statement whatever stands around them: no cue and no abbreviation ends in a long word's full
# stop, and no line is wrapped before a blank line or an item of a list.
_SURE_END = re.compile(rf"\.(?=[ \n])(?<=[^\W_]{{4}}\.)(?<!(?i:approx)\.)|\n(?=[-–—*•>\[\n]|\d{{1,2}}[.)]|{_LABEL})")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a stretch of text, in order, with the offsets of their beginnings and that of the stretch's end."""

    words: list[str]
    starts: list[int]

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


def fold_case(text: str) -> str:
    """Lower-case `text` and straighten its apostrophes without changing its length."""
    folded = text.lower()
    if len(folded) != len(text):
        folded = "".join(char if len(char.lower()) != 1 else char.lower() for char in text)
    return folded.replace("’", "'")


def clear_marks(folded: str) -> str:
    """`folded` with a space in place of every mark."""
    return folded.translate(_MARKS_OF_ASCII) if folded.isascii() else _ANY_MARK.sub(" ", folded)


def find_stretches(text: str) -> list[int]:
    """Where the stretches of `text` begin: each holds whole statements, so that none bears on another's conditions."""
    return [0, *(end.start() for end in _SURE_END.finditer(text))]


def tokenize(text: str) -> Tokens:
    """Split `text` into words and single marks."""
    return settle_marks(split_words(fold_case(text)), text)


def split_words(folded: str, start: int = 0, end: int | None = None) -> Tokens:
    """Split a stretch of a text with its case folded; every mark in it is still a token."""
    token = _TOKEN_OF_ASCII if folded.isascii() else _TOKEN
    pieces: list[str] = token.findall(folded, start, len(folded) if end is None else end)
    return Tokens(list(map(str.rstrip, pieces, repeat(" "))), list(accumulate(map(len, pieces), initial=start)))


def settle_marks(tokens: Tokens, text: str) -> Tokens:
    """Blank the marks of `tokens`, a stretch of `text`, that bear on no statement; returns `tokens`."""
    words, starts = tokens.words, tokens.starts
    line_start = -1
    for index in [index for index, word in enumerate(words) if word in _DOUBTFUL]:
        word = words[index]
        if word == LINE_BREAK:
            at = starts[index]
            length = at - (line_start if line_start >= 0 else text.rfind(LINE_BREAK, 0, at) + 1)
            line_start = at + 1
            bears = not _is_wrapped(text, tokens, index, length)
        else:
            bears = word in _MARKS and not _is_part_of_word(tokens, index)
        if not bears:
            words[index] = BLANK
    return tokens


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
