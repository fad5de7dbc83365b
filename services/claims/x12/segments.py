"""X12 segments as values, printed and read: the one tokenizer that writer and readers share; pure.

Place in the flow: `write_claim` prints with it, the readers of 999, 277CA and 835 read with it.
Invariants: `read_segments(print_segments(s))` gives `s` back; a value that has a delimiter or a control character in
it is never printed, so no value can end its element, let alone begin a segment. X12 has no escape character.
Source: ASC X12.5 (interchange control) and X12.6 (application control), as 005010.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from shared.contracts.errors import InvalidContent

Element = str | Sequence[str]
"""One element: a text, or the components of a composite."""

_Part = TypeVar("_Part", str, tuple[str, ...])

_ISA_LENGTH = 106
_LINE_BREAKS = "\r\n"


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The four characters that an interchange declares in its ISA."""

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    segment: str = "~"

    def __contains__(self, character: object) -> bool:
        """Tell whether a character separates something."""
        return character in (self.element, self.component, self.repetition, self.segment)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment: its identifier, and its elements as components, without the empty ones at the end."""

    name: str
    elements: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(cls, name: str, *elements: Element) -> Self:
        """Make a segment of texts and composites."""
        return cls(name, _trim(tuple(_components(element) for element in elements), ()))

    def text(self, position: int, component: int = 1) -> str:
        """The component of the element at a position, both counted from 1 as the guides do; '' where there is none."""
        parts = self.elements[position - 1] if position <= len(self.elements) else ()
        return parts[component - 1] if component <= len(parts) else ""


def print_segments(segments: Iterable[Segment], delimiters: Delimiters | None = None) -> str:
    """Print segments, each on a line of its own; raises ValueError for a value that would break out of its place."""
    marks = delimiters or Delimiters()
    return "".join(f"{_print(segment, marks)}{marks.segment}\n" for segment in segments)


def find_delimiters(text: str) -> Delimiters:
    """Read the delimiters from the ISA segment that a text begins with; raises InvalidContent."""
    if not text.startswith("ISA") or len(text) < _ISA_LENGTH:
        raise InvalidContent("this is not an X12 interchange: it has no ISA segment", expression="ISA")
    found = Delimiters(text[3], text[104], text[82], text[105])
    marks = {found.element, found.component, found.repetition, found.segment}
    if len(marks) < len("*:^~") or any(mark.isalnum() for mark in marks):
        raise InvalidContent("the ISA segment does not declare four different delimiters", expression="ISA")
    return found


def read_segments(text: str, delimiters: Delimiters | None = None) -> Iterator[Segment]:
    """Read the segments of a text; line breaks after a segment are nothing. What follows the last one is left out."""
    marks = delimiters or Delimiters()
    for raw in text.split(marks.segment)[:-1]:
        name, *elements = raw.strip(_LINE_BREAKS).split(marks.element)
        yield Segment.of(name, *(element.split(marks.component) for element in elements))


def _print(segment: Segment, marks: Delimiters) -> str:
    for value in (segment.name, *(part for element in segment.elements for part in element)):
        if any(character in marks or not character.isprintable() for character in value):
            raise ValueError(f"a value of {segment.name} has a character that separates or controls")
    return marks.element.join([segment.name, *(marks.component.join(element) for element in segment.elements)])


def _components(element: Element) -> tuple[str, ...]:
    return _trim((element,) if isinstance(element, str) else tuple(element), "")


def _trim(values: tuple[_Part, ...], nothing: _Part) -> tuple[_Part, ...]:
    last = len(values)
    while last and values[last - 1] == nothing:
        last -= 1
    return values[:last]
