"""Does the claim carry what its channel needs? Family of edits, one a row of fields.toml; pure."""

import tomllib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit
from services.claims.edits.view import Element

_RESOLVE = "resolve()"
_LINES = "item"
_CHOICE = "[x]"
_TYPES = ("Date", "CodeableConcept", "Period", "Reference", "Address", "Quantity", "String", "Boolean", "Attachment")
"""Those that a choice among a Claim's elements has, the usual ones first."""


def find_missing(subject: ClaimUnderEdit, steps: tuple[str, ...]) -> list[str]:
    """Return the FHIRPath of every place where the Claim lacks what `steps`, from the Claim on, lead to.

    Lines that are not there lack nothing; that there are none is a finding of its own. A path is walked once a claim.
    """
    known = subject.missing_by_path
    if steps not in known:
        known[steps] = _find_missing(subject, steps)
    return known[steps]


def _find_missing(subject: ClaimUnderEdit, steps: tuple[str, ...]) -> list[str]:
    first, rest = steps[0], steps[1:]
    if rest and rest[0] == _RESOLVE:
        return [f"Claim.{first}.{_RESOLVE}.{path}" for path in _walk(subject.resolve(first), rest[1:])]
    if rest and first == _LINES and not subject.view.lines:
        return []
    return [f"Claim.{path}" for path in _walk(subject.claim, steps)]


def _walk(element: Element, steps: tuple[str, ...]) -> list[str]:
    """The places below `element`, relative to it, where the next step leads nowhere."""
    step = steps[0]
    value = _pick(element, step) if step.endswith(_CHOICE) else element.get(step)
    if not value:
        return [step]
    rest = steps[1:]
    if not rest:
        return []
    if isinstance(value, list):
        return [f"{step}[{at}].{path}" for at, child in enumerate(value) for path in _walk(child, rest)]
    return [f"{step}.{path}" for path in _walk(value, rest)]


# A FHIR element's member: its type differs by name.
def _pick(element: Element, step: str) -> Any:
    """The value of a choice, whatever type it has."""
    for name in _name_choices(step):
        if name in element:
            return element[name]
    return None


@cache
def _name_choices(step: str) -> tuple[str, ...]:
    return tuple(f"{step.removesuffix(_CHOICE)}{kind}" for kind in _TYPES)


def _find_field(steps: tuple[str, ...], kinds: Sequence[str]) -> Callable[[ClaimUnderEdit], Iterator[Hit]]:
    def find(subject: ClaimUnderEdit) -> Iterator[Hit]:
        if not kinds or subject.view.kind in kinds:
            for place in find_missing(subject, steps):
                yield Hit(place)

    return find


# The other members have the types of Edit's fields, which mypy cannot see in TOML.
def _read_edit(*, path: str, kinds: Sequence[str] = (), channels: Sequence[str] = (), **row: Any) -> Edit:
    return Edit(find=_find_field(tuple(path.split(".")), kinds), channels=frozenset(channels), **row)


_TABLE = tomllib.loads((files("services.claims.edits") / "fields.toml").read_text(encoding="utf-8"))

FIELDS = tuple(_read_edit(**row) for row in _TABLE["field"])
