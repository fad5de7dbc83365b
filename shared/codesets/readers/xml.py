"""Opens an official XML file; a truncated one is never well-formed, so parsing it whole is the check."""

import re
from itertools import islice
from xml.etree.ElementTree import Element, ParseError, fromstring

from shared.codesets.entry import FileRefused

_ROOT = re.compile(rb"<([A-Za-z][\w.\-]*)")


def require_root(content: bytes, name: str) -> None:
    """Refuse a file whose root element is another one."""
    root = _ROOT.search(content, 0, 4096)
    if root is None or root[1] != name.encode():
        raise FileRefused(f"this is not an XML file with the root element {name}", line=1)


def read_tree(content: bytes, root: str) -> Element:
    """Parse a file whose root element must be `root`."""
    require_root(content, root)
    try:
        return fromstring(content)  # noqa: S314 - the file is the one the user named, never a received document
    except ParseError as error:
        raise FileRefused("the XML breaks off or is not well-formed", line=error.position[0]) from None


def find_line(content: bytes, element: str, nth: int = 1) -> int:
    """The line on which the `nth` element of this name begins, from 1; the tree does not tell it."""
    found = islice(re.finditer(rf"<{re.escape(element)}[\s>/]".encode(), content), nth - 1, None)
    place = next(found, None)
    return content.count(b"\n", 0, place.start() if place else len(content)) + 1


def read_line(element: Element | None) -> str:
    """The element's own text, in one line."""
    return " ".join((element.text or "").split()) if element is not None else ""
