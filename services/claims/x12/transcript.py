"""What has been written of a claim so far, and the places of it that X12 cannot carry; pure.

Place in the flow: every loop of the 837 writes into one of these. Invariant: a value is written whole or is an obstacle
with its FHIRPath; a transcript with obstacles is never sent.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from services.claims.x12.charset import fold_text, is_carried
from services.claims.x12.segments import Element, Segment
from services.claims.x12.source import Node

_CENTS = 2
"""Digits after the point of an amount in dollars."""
_MOST_DIGITS = 18


class Obstacle(NamedTuple):
    """A place that stops the send: its FHIRPath, what is wrong there, and whether something is only missing."""

    expression: str
    detail: str
    is_missing: bool = False


class Transcript:
    """Segments and obstacles, in order."""

    def __init__(self) -> None:
        self._written: list[tuple[str, *tuple[Element, ...]]] = []
        self.obstacles: list[Obstacle] = []

    @property
    def segments(self) -> list[Segment]:
        """What was written; who only asks for the obstacles does not pay for it."""
        return [Segment.of(*written) for written in self._written]

    def add(self, name: str, *elements: Element) -> None:
        """Write a segment."""
        self._written.append((name, *elements))

    def miss(self, path: str, what: str) -> None:
        """Say that the guide requires something which is not there."""
        self.obstacles.append(Obstacle(path, f"X12 requires {what}", is_missing=True))

    def refuse(self, path: str, detail: str) -> None:
        """Say that X12 has no way to carry what is there."""
        self.obstacles.append(Obstacle(path, detail))

    def text(self, value: str, path: str, longest: int, required: str = "") -> str:
        """A text as names and addresses are written; `required` says what it is, where the guide requires it."""
        return self._fit(fold_text(value), path, longest, required)

    def code(self, value: str, path: str, longest: int, required: str = "") -> str:
        """A code or number: carried as it is, or not at all."""
        value = value.strip()
        if value and len(value) <= longest and is_carried(value):
            return value
        return self._fit(value, path, longest, required)

    def coded(self, node: Node, name: str, longest: int, *wanted: str, required: str = "") -> str:
        """The code of a member that is a CodeableConcept, of one of the `wanted` systems."""
        found = node.code_of(name, *wanted).strip()
        if found and len(found) <= longest and is_carried(found):
            return found
        return self._fit(found, node.at(name), longest, required)

    def member(self, node: Node, name: str, longest: int, required: str = "") -> str:
        """The text of a member, as `text` has it."""
        value = node.element.get(name)
        # Most are plain; only what is not needs its path.
        if value.__class__ is str and value.isascii():
            plain = value.upper().strip()
            if plain and len(plain) <= longest and is_carried(plain):
                return plain
        return self.text(node.text(name), node.at(name), longest, required)

    def day(self, value: str, path: str, required: str = "") -> str:
        """A FHIR date or dateTime as CCYYMMDD of the day that is written there."""
        if not value:
            return self._fit("", path, 8, required)
        day = value[:10].replace("-", "")
        if len(day) != len("20260901"):
            self.refuse(path, "the day is not known to the day")
        return day

    def amount(self, value: Decimal, path: str) -> str:
        """Money, exact to the cent."""
        text = self.number(value, path)
        if len(text.partition(".")[2]) > _CENTS:
            self.refuse(path, "an amount has fractions of a cent")
        return text

    def number(self, value: Decimal, path: str) -> str:
        """A decimal without trailing zeros and exponent."""
        # What is written short has few digits; counting them takes longer.
        is_short = len(str(value)) <= _MOST_DIGITS and abs(value.adjusted()) < _MOST_DIGITS
        if not is_short and (abs(value.adjusted()) >= _MOST_DIGITS or len(value.as_tuple().digits) > _MOST_DIGITS):
            self.refuse(path, f"a number has more than {_MOST_DIGITS} digits")
            return ""
        return f"{value.normalize():f}"

    def at_most(self, limit: int, nodes: Iterable[Node], what: str) -> list[Node]:
        """The repetitions that fit; the first that does not is an obstacle."""
        found = list(nodes)
        if len(found) > limit:
            self.refuse(found[limit].path, f"X12 carries {limit} {what}")
        return found[:limit]

    def _fit(self, value: str, path: str, longest: int, required: str) -> str:
        if not value and required:
            self.miss(path, required)
        elif len(value) > longest:
            self.refuse(path, f"X12 carries {longest} characters")
        elif not is_carried(value):
            self.refuse(path, "a character is not in the X12 character set, or separates")
        else:
            return value
        return ""
