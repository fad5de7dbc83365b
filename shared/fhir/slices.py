"""Cuts the text of a value out of the JSON text around it, so that what is inside an envelope stays as it was sent.

Invariant: `text[span.start:span.end]` is exactly the value's text. The text has been parsed before, so it is JSON.
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

from shared.fhir.parse import NotJson

_skip = json.decoder.WHITESPACE.match  # type: ignore[attr-defined]  # not in the stubs, stable since Python 2.6
_decoder = json.JSONDecoder()


class Span(NamedTuple):
    """Character offsets of a value in its text."""

    start: int
    end: int


def members(text: str, start: int = 0) -> dict[str, Span]:
    """Return the span of each member of the object that begins at or after `start`; the last of a name wins."""
    return {_key(text, span): value for span, value in _pairs(text, start)}


def elements(text: str, start: int = 0) -> Iterator[Span]:
    """Yield the span of each element of the array that begins at or after `start`."""
    position = _past(text, start, "[")
    while text[position] != "]":
        span = _value(text, position)
        yield span
        position = _past_comma(text, span.end)


def _pairs(text: str, start: int) -> Iterator[tuple[Span, Span]]:
    position = _past(text, start, "{")
    while text[position] != "}":
        name = _value(text, position)
        value = _value(text, _past(text, name.end, ":"))
        yield name, value
        position = _past_comma(text, value.end)


def _key(text: str, span: Span) -> str:
    return str(json.loads(text[span.start : span.end]))


def _value(text: str, start: int) -> Span:
    try:
        _, end = _decoder.raw_decode(text, start)
    except RecursionError:
        raise NotJson("the JSON is nested too deeply") from None
    return Span(start, end)


def _past(text: str, start: int, mark: str) -> int:
    position = _skip(text, start).end()
    if text[position] != mark:
        raise NotJson(f"expected {mark} at character {position}")
    return int(_skip(text, position + 1).end())


def _past_comma(text: str, start: int) -> int:
    position = _skip(text, start).end()
    return int(_skip(text, position + 1).end()) if text[position] == "," else int(position)
