"""Readable text out of HTML and XHTML: one line a block, nothing of scripts and styles. Pure.

Invariant: text inside the markup comes out in its order, with whitespace as a browser would show it.
"""

import re
from html.parser import HTMLParser

_PARAGRAPHS = frozenset(
    ["blockquote", "dl", "form", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "table", "ul"]
)
_LINE_NAMES = """
address article aside caption dd div dt fieldset figure footer header li main nav section tbody tfoot thead tr
"""
_LINES = frozenset(_LINE_NAMES.split())
_CELLS = frozenset({"td", "th"})
_HIDDEN = frozenset({"script", "style", "head", "template"})
_SPACES = re.compile(r"[ \t\r\f\v\n\u00a0]+")
_BLANK_LINES = re.compile(r"\n{3,}")


def text_of_html(markup: str) -> str:
    """Return the readable text of an HTML or XHTML document or fragment."""
    reader = _TextReader()
    reader.feed(markup)
    reader.close()
    return reader.text()


class _TextReader(HTMLParser):
    """Collects text: paragraphs apart by a blank line, blocks by a line, cells by a tab; <pre> keeps its layout."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._newlines = 2
        """How many line ends the text so far ends with; nothing needs none before it."""
        self._hidden = 0
        self._preformatted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN
        self._preformatted += tag == "pre"
        if tag == "br":
            self._end_lines(self._newlines + 1)
        self._end_block(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _HIDDEN and tag != "pre":
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _HIDDEN and self._hidden > 0
        self._preformatted -= tag == "pre" and self._preformatted > 0
        self._end_block(tag)
        if tag in _CELLS:
            self._parts.append("\t")

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        text = data if self._preformatted else _SPACES.sub(" ", data)
        if self._newlines and not self._preformatted:
            text = text.lstrip(" ")
        if text:
            self._parts.append(text)
            self._newlines = len(text) - len(text.rstrip("\n"))

    def _end_block(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._end_lines(2)
        elif tag in _LINES:
            self._end_lines(1)

    def _end_lines(self, newlines: int) -> None:
        self._parts.append("\n" * (newlines - self._newlines))
        self._newlines = max(newlines, self._newlines)

    def text(self) -> str:
        """Return what was read, line ends trimmed, at most one blank line in a row."""
        lines = (line.rstrip() for line in "".join(self._parts).split("\n"))
        return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n")
