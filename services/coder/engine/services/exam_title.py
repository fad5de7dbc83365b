"""Reads the title of an examination: modality, regions, contrast, views, side and extent.

Place in the flow: the first half of `imaging`; pure. Invariant: an attribute that the title does not say is absent from
the `Exam`, and never guessed; only the modality may follow from the region, and only for what is known to be imaging.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from services.coder.engine.services.tables import load_rows

_COMBINED = {
    frozenset({"abdomen", "pelvis"}): "abdomen_pelvis",
    frozenset({"chest", "ribs"}): "ribs",
    frozenset({"chest", "acute_abdomen"}): "acute_abdomen",
}
"""Regions that one examination covers together."""
_JOINED = re.compile(r"&|\+|\b(?:and|with)\b|w/")
_SECTIONAL = frozenset({"ct", "cta", "petct"})


@dataclass(frozen=True, slots=True)
class Region:
    """A row of `imaging_regions.tsv`; `side` is paired, own or "", `indications` are ICD-10-CM prefixes."""

    name: str
    group: str
    side: str
    assumed: str
    indications: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exam:
    """What a title says. `contrast` is none, with, both or ""; `views` is 0 where unknown; `details` are single words.

    `side` is left, right, bilateral, unilateral or "".
    """

    modality: str = ""
    regions: tuple[Region, ...] = ()
    contrast: str = ""
    views: int = 0
    side: str = ""
    details: frozenset[str] = frozenset()


def read_title(title: str, *, is_imaging: bool) -> Exam:
    """Read a title; `is_imaging` tells that the report's category is imaging, so that a bare region means an X-ray."""
    text = " ".join(title.lower().replace("_", " ").replace("\\", "/").split())
    said = tuple(_read_words(text))
    regions = tuple(_read_regions(text))
    modality = next((value for attribute, value in said if attribute == "modality"), "")
    assumed = next((region.assumed for region in regions if region.assumed), "")
    if modality in ("", "xray") and assumed and (is_imaging or modality):
        modality = assumed
    side = next((value for attribute, value in said if attribute == "side" and value != "unilateral"), "")
    unilateral = {"unilateral"} if ("side", "unilateral") in said or side in ("left", "right") else set()
    details = {value for attribute, value in said if attribute in ("extent", "purpose")} | unilateral
    combined = _combine(regions, modality, is_joined=bool(_JOINED.search(text)))
    details |= {f"beside_{region.name}" for region in combined if len(combined) > 1}
    return Exam(
        modality=modality,
        regions=combined,
        contrast=next((value for attribute, value in said if attribute == "contrast"), ""),
        views=_count_views(said),
        side=side or ("unilateral" if unilateral else ""),
        details=frozenset(details | ({side} if side else set())),
    )


def find_region(name: str) -> Region:
    """Return the region of that name; raises KeyError when the table has none."""
    return _load_regions()[name][1]


def _combine(regions: tuple[Region, ...], modality: str, *, is_joined: bool) -> tuple[Region, ...]:
    names = {region.name for region in regions}
    if {"transvaginal", "pelvis"} <= names and not is_joined:  # how the pelvis was examined, not a second examination
        return tuple(region for region in regions if region.name != "pelvis")
    for parts, whole in _COMBINED.items():
        if parts <= names and (whole != "abdomen_pelvis" or modality in _SECTIONAL):
            return (*(region for region in regions if region.name not in parts), find_region(whole))
    if modality == "xray" and {"hip", "pelvis"} <= names:  # a hip's numbers include the pelvis
        return tuple(region for region in regions if region.name != "pelvis")
    return regions


def _count_views(said: tuple[tuple[str, str], ...]) -> int:
    """The views that are counted, else named, else that a series or a portable film has; open where it is complete."""
    counted = next((int(value) for attribute, value in said if attribute == "views"), 0)
    if counted or ("extent", "complete") in said:
        return counted
    projections = len({value for attribute, value in said if attribute == "projection"})
    return projections or next((int(value) for attribute, value in said if attribute in ("series", "portable")), 0)


def _read_words(text: str) -> Iterator[tuple[str, str]]:
    """The attributes that are said, in the order of the table; once contrast is read, less telling words are not."""
    contrast_said = False
    for attribute, value, pattern in _load_words():
        if attribute == "contrast" and contrast_said:
            continue
        if pattern.search(text):
            contrast_said |= attribute == "contrast"
            yield attribute, value


def _read_regions(text: str) -> Iterator[Region]:
    """The regions that are named, each word counted for the first row that claims it."""
    for pattern, region in _load_regions().values():
        if pattern.search(text):
            text = pattern.sub(" ", text)
            yield region


@cache
def _load_words() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    return tuple((row["attribute"], row["value"], _whole(row["pattern"])) for row in load_rows("imaging_words.tsv"))


@cache
def _load_regions() -> dict[str, tuple[re.Pattern[str], Region]]:
    rows = load_rows("imaging_regions.tsv")
    return {
        row["region"]: (
            _whole(row["pattern"]),
            Region(row["region"], row["group"], row["side"], row["assumed"], tuple(row["indications"].split())),
        )
        for row in rows
    }


def _whole(pattern: str) -> re.Pattern[str]:
    """Words of a title are set apart by anything that is no letter or digit."""
    return re.compile(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])")
