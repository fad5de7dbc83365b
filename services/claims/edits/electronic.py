"""Can the payer's X12 channel carry the claim whole? Family of edits; pure.

Invariant: what `x12` would stop at is a finding here, once, before the claim is queued: nothing is cut to fit a form.
"""

from collections.abc import Iterator

from services.claims.edits.fields import FIELDS
from services.claims.edits.model import ClaimUnderEdit, Edit, Hit
from services.claims.edits.providers import find_wrong_npi

_CHANNEL = "x12"
_FIELDS = tuple(edit for edit in FIELDS if _CHANNEL in edit.channels)
_GUIDES = "ASC X12N 005010X222A1 (837P) and 005010X223A2 (837I)"


def _find_missing(subject: ClaimUnderEdit) -> Iterator[Hit]:
    """What the guides require and no row of fields.toml has found."""
    missing = [obstacle for obstacle in subject.x12_obstacles if obstacle.is_missing]
    found = {hit.expression for edit in _FIELDS for hit in edit.find(subject)} if missing else set()
    yield from (Hit(each.expression, each.detail) for each in missing if each.expression not in found)


def _find_uncarried(subject: ClaimUnderEdit) -> Iterator[Hit]:
    """What the guides have no place for and the edit of the NPI has not found."""
    refused = [obstacle for obstacle in subject.x12_obstacles if not obstacle.is_missing]
    found = {hit.expression for hit in find_wrong_npi(subject)} if refused else set()
    yield from (Hit(each.expression, each.detail) for each in refused if each.expression not in found)


ELECTRONIC = (
    Edit(
        "x12-missing",
        _GUIDES,
        "The claim lacks what its payer's channel requires.",
        "Complete the element at this place in the system that it comes from.",
        _find_missing,
        channels=frozenset({_CHANNEL}),
        owner="registration",
    ),
    Edit(
        "x12-not-carried",
        _GUIDES,
        "The payer's channel cannot carry this, and nothing is left out of a claim.",
        "Shorten, split or remove what stands at this place, or send the claim on paper.",
        _find_uncarried,
        channels=frozenset({_CHANNEL}),
    ),
)
