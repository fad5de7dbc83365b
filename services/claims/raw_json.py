"""JSON objects as text: find and change single members and leave every other byte as the sender wrote it.

Place in the flow: `build` splices resources into a Bundle with it; pure. Parsing and printing again would turn `878.50`
into `878.5` and a hospital's escapes into ours.
Invariant: what is not named in the call is the same text afterwards. Anything but valid JSON raises ValueError.
"""

import json
import re
from collections.abc import Callable
from typing import NamedTuple

_SPACE = re.compile(r"[ \t\n\r]*")
_REFERENCE = re.compile(r'"reference"([ \t\n\r]*:[ \t\n\r]*)("(?:[^"\\]|\\.)*")')
_STRING = r'"(?:[^"\\]|\\.)*"'
_EMPTY = r"\s*:\s*(?:\[\s*(?:\{\s*\}\s*(?:,\s*\{\s*\}\s*)*)?\]|\{\s*\}|null)"
# Strings that are no empty member are matched too, so that the scan never begins inside one.
_EMPTY_MEMBER = re.compile(rf"(,\s*{_STRING}{_EMPTY})|({_STRING}{_EMPTY}\s*,?)|{_STRING}")
_decode = json.JSONDecoder().raw_decode


class Span(NamedTuple):
    """Where a value stands in a text: `text[start:end]`."""

    start: int
    end: int


def find_members(text: str) -> dict[str, Span]:
    """Return where the value of each member of the outermost object stands."""
    position = _skip(text, 0, "{")
    members: dict[str, Span] = {}
    while text[position : position + 1] != "}":
        position = _skip(text, position, ",") if members else position
        name, position = _decode(text, position)
        start = _skip(text, position, ":")
        _, end = _decode(text, start)
        members[name] = Span(start, end)
        position = _space(text, end)
    return members


def find_elements(text: str, array: Span) -> list[Span]:
    """Return where the elements of an array stand, which itself stands at `array`."""
    position = _skip(text, array.start, "[")
    elements: list[Span] = []
    while text[position : position + 1] != "]":
        start = _skip(text, position, ",") if elements else position
        _, end = _decode(text, start)
        elements.append(Span(start, end))
        position = _space(text, end)
    return elements


def set_member(text: str, name: str, value: str) -> str:
    """Replace the value of a member of the outermost object, or append the member; `value` is JSON text."""
    members = find_members(text)
    if name in members:
        start, end = members[name]
        return text[:start] + value + text[end:]
    close = text.rindex("}")
    comma = "," if members else ""
    return f"{text[:close]}{comma}{json.dumps(name)}:{value}{text[close:]}"


def replace_references(text: str, choose: Callable[[str], str | None]) -> str:
    """Replace whole `"reference": "..."` members at any depth; `choose` gets the target, None leaves the member.

    A match is always a member: inside a JSON string every quotation mark has a backslash before it.
    """

    def _replace(match: re.Match[str]) -> str:
        replacement = choose(json.loads(match[2]))
        return match[0] if replacement is None else replacement

    return _REFERENCE.sub(_replace, text)


def drop_empty_members(text: str) -> str:
    """Remove members at any depth whose value is null, or an object or array without content, which FHIR forbids."""

    def _drop(match: re.Match[str]) -> str:
        return "" if match[1] or match[2] else match[0]

    while (shorter := _EMPTY_MEMBER.sub(_drop, text)) != text:
        text = shorter
    return text


def _space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _skip(text: str, position: int, mark: str) -> int:
    """Return the place of the token after `mark`, which must come next."""
    position = _space(text, position)
    if not text.startswith(mark, position):
        raise ValueError(f"expected {mark} at character {position}")
    return _space(text, position + 1)
