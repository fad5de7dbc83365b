"""Can the payer's X12 channel carry the claim whole? Family of edits; pure.

Invariant: what `x12` would stop at is a finding here, once, before the claim is queued: nothing is cut to fit a form.
"""

from collections.abc import Iterator

from services.claims.edits.fields import FIELDS
from services.claims.edits.model import ClaimUnderEdit, Edit, Hit

_CHANNEL = "x12"
_GUIDES = "ASC X12N 005010X222A1 (837P) and 005010X223A2 (837I)"


def _find_missing(subject: ClaimUnderEdit) -> Iterator[Hit]:
    """What the guides require and no row of fields.toml has found."""
    found = {hit.expression for edit in FIELDS if _CHANNEL in edit.channels for hit in edit.find(subject)}
    for obstacle in subject.x12_obstacles:
        if obstacle.is_missing and obstacle.expression not in found:
            yield Hit(obstacle.expression, obstacle.detail)


def _find_uncarried(subject: ClaimUnderEdit) -> Iterator[Hit]:
    for obstacle in subject.x12_obstacles:
        if not obstacle.is_missing:
            yield Hit(obstacle.expression, obstacle.detail)


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
