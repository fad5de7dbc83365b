"""Readable text out of HTML and XHTML: one line a block, nothing of scripts and styles. Pure.

Invariant: text inside the markup comes out in its order, with whitespace as a browser would show it.
"""

import re
from html.parser import HTMLParser

_BLOCK_NAMES = """
address article aside blockquote br caption dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol
p pre section table tbody tfoot thead tr ul
"""
_BLOCKS = frozenset(_BLOCK_NAMES.split())
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
    """Collects text; block elements end a line, cells are set apart by a tab, preformatted text keeps its lines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._hidden = 0
        self._preformatted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN
        self._preformatted += tag == "pre"
        if tag in _BLOCKS:
            self._parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN and self._hidden:
            self._hidden -= 1
        if tag == "pre" and self._preformatted:
            self._preformatted -= 1
        if tag in _BLOCKS:
            self._parts.append("\n")
        elif tag in _CELLS:
            self._parts.append("\t")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._parts.append(data if self._preformatted else _SPACES.sub(" ", data))

    def text(self) -> str:
        """Return what was read, lines trimmed, at most one blank line in a row."""
        lines = (line.strip(" \t") for line in "".join(self._parts).split("\n"))
        return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()
