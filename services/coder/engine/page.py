"""The text of a document, split once into its words and the gaps between them: what the stages read it by.

Place in the flow: the first step; sections, concepts and assertion all work on these columns, and none of them scans
the text again. Invariants: the columns are of one length and in order of position; every letter and digit of the text
is in one word; offsets are offsets into the given text.
"""

import re

_MARKS_OF_ASCII = {ord(char): " " for char in map(chr, range(128)) if not char.isalnum()}
_ANY_MARK = re.compile(r"[^\w ]|_")

Gap = tuple[int, int, str]
"""What stands between two words, other than one blank: the number of the word behind it, its offset, its text."""


class Page:
    """The words of `text` in columns, and its gaps.

    `words` are runs of letters and digits, as they are written and with their case folded. Of the two gaps at the edges
    of the text, the number is that of the first word, and how many words there are.
    """

    __slots__ = ("ends", "folded", "folded_words", "gaps", "starts", "text", "words")

    def __init__(self, text: str) -> None:
        self.text, self.folded = text, fold_case(text)
        self.folded_words = _clear_marks(self.folded).split()
        self.words: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.gaps: list[Gap] = []
        self._place(_clear_marks(text).split(" "))

    def _place(self, pieces: list[str]) -> None:
        """Fill the columns with the words among `pieces`, which one blank parts from each other in the text."""
        text, words, starts, ends, gaps = self.text, self.words, self.starts, self.ends, self.gaps
        start = end = 0
        for piece in pieces:
            if piece:
                # One blank between words is by far the commonest gap, and tells nothing.
                if start > end and (start > end + 1 or text[end] != " "):
                    gaps.append((len(words), end, text[end:start]))
                words.append(piece)
                starts.append(start)
                start = end = start + len(piece)
                ends.append(end)
            start += 1
        if end < len(text) and text[end:] != " ":
            gaps.append((len(words), end, text[end:]))


def fold_case(text: str) -> str:
    """Lower-case `text` and straighten its apostrophes without changing its length."""
    folded = text.lower()
    if len(folded) != len(text):
        folded = "".join(char if len(char.lower()) != 1 else char.lower() for char in text)
    return folded.replace("’", "'")


def _clear_marks(text: str) -> str:
    """`text` with a blank in place of every character that is no letter and no digit."""
    return text.translate(_MARKS_OF_ASCII) if text.isascii() else _ANY_MARK.sub(" ", text)
