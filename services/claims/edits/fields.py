"""Does the claim carry what its channel needs? Family of edits, one a row of fields.toml; pure."""

import tomllib
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from typing import Any

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit
from services.claims.edits.view import Element

_RESOLVE = "resolve()"
_LINES = "item"


def find_missing(subject: ClaimUnderEdit, steps: Sequence[str]) -> list[str]:
    """Return the FHIRPath of every place where the Claim lacks what `steps`, from the Claim on, lead to.

    Lines that are not there lack nothing; that there are none is a finding of its own.
    """
    first, *rest = steps
    if rest and rest[0] == _RESOLVE:
        return [f"Claim.{first}.{_RESOLVE}.{path}" for path in _walk(subject.resolve(first), rest[1:])]
    if rest and first == _LINES and not subject.view.lines:
        return []
    return [f"Claim.{path}" for path in _walk(subject.claim, steps)]


def _walk(element: Element, steps: Sequence[str]) -> list[str]:
    """The places below `element`, relative to it, where the next step leads nowhere."""
    step, rest = steps[0], steps[1:]
    value = _pick(element, step)
    if not value:
        return [step]
    if not rest:
        return []
    if isinstance(value, list):
        return [f"{step}[{at}].{path}" for at, child in enumerate(value) for path in _walk(child, rest)]
    return [f"{step}.{path}" for path in _walk(value, rest)]


# A FHIR element's member: its type differs by name.
def _pick(element: Element, step: str) -> Any:
    if not step.endswith("[x]"):
        return element.get(step)
    return next((value for name, value in element.items() if name.startswith(step[:-3])), None)


def _find_field(steps: Sequence[str], kinds: Sequence[str]) -> Callable[[ClaimUnderEdit], Iterator[Hit]]:
    def find(subject: ClaimUnderEdit) -> Iterator[Hit]:
        if not kinds or subject.view.kind in kinds:
            yield from (Hit(place) for place in find_missing(subject, steps))

    return find


# The other members have the types of Edit's fields, which mypy cannot see in TOML.
def _read_edit(*, path: str, kinds: Sequence[str] = (), channels: Sequence[str] = (), **row: Any) -> Edit:
    return Edit(find=_find_field(path.split("."), kinds), channels=frozenset(channels), **row)


_TABLE = tomllib.loads((files("services.claims.edits") / "fields.toml").read_text(encoding="utf-8"))

FIELDS = tuple(_read_edit(**row) for row in _TABLE["field"])
