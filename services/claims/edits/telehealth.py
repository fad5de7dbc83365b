"""Do place of service and modifiers agree on how the patient was seen? Family of edits; pure."""

from collections.abc import Iterator
from datetime import date

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit
from services.claims.edits.modifier_table import TELEHEALTH

_AWAY, _HOME = "02", "10"
_PLACES = "CMS, Place of Service Code Set"
_FROM_2022 = date(2022, 1, 1)
_AUDIO_ONLY = "93"


def _find_place_too_early(subject: ClaimUnderEdit) -> Iterator[Hit]:
    yield from (Hit(f"{line.path}.location") for line in subject.view.lines if line.place == _HOME)


def _find_audio_too_early(subject: ClaimUnderEdit) -> Iterator[Hit]:
    yield from (Hit(f"{line.path}.modifier") for line in subject.view.lines if _AUDIO_ONLY in line.modifiers)


def _find_place_against_modifier(subject: ClaimUnderEdit) -> Iterator[Hit]:
    for line in subject.view.lines:
        if line.place and line.place not in (_AWAY, _HOME) and not TELEHEALTH.isdisjoint(line.modifiers):
            yield Hit(f"{line.path}.location")


def _find_mixed_places(subject: ClaimUnderEdit) -> Iterator[Hit]:
    remote = {line.place for line in subject.view.lines} & {_AWAY, _HOME}
    if len(remote) > 1:
        yield Hit("Claim.item.location")


TELEHEALTH_EDITS = (
    Edit(
        "telehealth-home-too-early",
        f"{_PLACES}: 10 is effective 2022-01-01",
        "Place of service 10 did not exist on the day of service.",
        "Use place of service 02.",
        _find_place_too_early,
        effective_until=date(2021, 12, 31),
    ),
    Edit(
        "telehealth-audio-too-early",
        "CPT modifier 93, effective 2022-01-01",
        "Modifier 93 did not exist on the day of service.",
        "Use the modifier that the payer had for audio only on that day.",
        _find_audio_too_early,
        effective_until=date(2021, 12, 31),
        needs=frozenset({"modifiers"}),
    ),
    Edit(
        "telehealth-place",
        "Medicare Claims Processing Manual, chapter 12, section 190; places 02 and 10",
        "A telehealth modifier stands on a service whose place is not telehealth.",
        "Use place of service 02 or 10, or remove the modifier.",
        _find_place_against_modifier,
        severity="warning",
        # Until the end of 2023 Medicare took the place where the patient would have been seen.
        effective_from=date(2024, 1, 1),
        needs=frozenset({"modifiers"}),
    ),
    Edit(
        "telehealth-places-mixed",
        f"{_PLACES}: 02 and 10",
        "The claim has telehealth both at home and elsewhere.",
        "Check where the patient was; override when both are documented.",
        _find_mixed_places,
        severity="warning",
        effective_from=_FROM_2022,
        needs=frozenset({"several lines"}),
    ),
)
