"""Imaging and other diagnostics: from a report's title, LOINC code and technique to the CPT number and its modifiers.

Place in the flow: `suggest_services` calls it with each chart's reports; pure. Invariant: a number follows from
attributes (modality, region, contrast, views, extent) by `imaging_services.tsv`, never from a title as a whole; what
the number depends on and nobody says is named in `missing`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from services.coder.engine.services.exam_title import Exam, Region, read_title
from services.coder.engine.services.tables import load_rows

SIDE_MODIFIERS = {"left": "LT", "right": "RT", "bilateral": "50"}
_CONTRAST_MATTERS = frozenset({"ct", "mr", "mra"})
_SEPARATE_SIDES = frozenset({"breast"})
"""Their numbers of sectional imaging tell one side from both."""
_ANY = "*"
_TECHNIQUE = re.compile(r"(?i)\b(?:technique|procedure|exam(?:ination)?|views?)\s*:[^\n]*(?:\n(?!\s*\n)[^\n]*){0,3}")


@dataclass(frozen=True, slots=True)
class ExamService:
    """A service of one examined region; `words` is our own wording, `technique` the span that completed the title."""

    code: str
    words: str
    region: Region
    modifiers: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    technique: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of `imaging_services.tsv`; `most` is 99 where the number of views is open, `details` must all be said."""

    modality: str
    region: str
    contrast: str
    least: int
    most: int
    details: frozenset[str]
    code: str
    words: str


def find_services(title: str, loinc: str = "", text: str = "", *, is_imaging: bool = True) -> tuple[ExamService, ...]:
    """Find the services of an examination, one a region; empty when the title is not understood.

    `text` is the report: its technique may say the contrast and the views that the title leaves open.
    """
    exam = read_title(title, is_imaging=is_imaging)
    if not exam.modality or not exam.regions:
        exam = read_title(f"{_load_loinc().get(loinc, '')} {title}", is_imaging=is_imaging)
    exam, technique = _complete(exam, text)
    found = (_find_service(exam, region, technique) for region in exam.regions)
    services = {service.code: service for service in found if service}
    return tuple(services.values())


def _complete(exam: Exam, text: str) -> tuple[Exam, tuple[int, int] | None]:
    wants_contrast = exam.modality in _CONTRAST_MATTERS and not exam.contrast
    wants_views = exam.modality == "xray" and not exam.views
    match = _TECHNIQUE.search(text) if wants_contrast or wants_views else None
    if match is None:
        return exam, None
    said = read_title(match[0], is_imaging=True)
    contrast, views = said.contrast if wants_contrast else exam.contrast, said.views if wants_views else exam.views
    if (contrast, views) == (exam.contrast, exam.views):
        return exam, None
    return replace(exam, contrast=contrast, views=views), match.span()


def _find_service(exam: Exam, region: Region, technique: tuple[int, int] | None) -> ExamService | None:
    of_modality = [rule for rule in _load_rules() if exam.modality and rule.modality in (exam.modality, _ANY)]
    rules = [rule for rule in of_modality if rule.region == region.name]
    rules = rules or [rule for rule in of_modality if rule.region == region.group]
    rule = next((rule for rule in rules if _holds(rule, exam)), None)
    if rule is None:
        return None
    return ExamService(
        rule.code, rule.words, region, _modify(exam, region), tuple(_name_missing(exam, region, rules)), technique
    )


def _holds(rule: Rule, exam: Exam) -> bool:
    contrast = rule.contrast in ("*", exam.contrast or "none")
    # An unknown number of views is the least that was certainly taken.
    views = rule.least <= max(exam.views, 1) <= rule.most or (not exam.views and rule.least <= 1)
    return contrast and views and rule.details <= exam.details


def _modify(exam: Exam, region: Region) -> tuple[str, ...]:
    one_of_two = region.side == "own" and exam.side in ("left", "right")
    paired = region.side == "paired" or (region.side == "own" and exam.modality in _CONTRAST_MATTERS)
    paired = paired and region.name not in _SEPARATE_SIDES
    if (paired or one_of_two) and exam.side in SIDE_MODIFIERS:
        return (SIDE_MODIFIERS[exam.side],)
    return ()


def _name_missing(exam: Exam, region: Region, rules: list[Rule]) -> Iterator[str]:
    if not exam.contrast and len({rule.contrast for rule in rules}) > 1:
        yield "contrast"
    if not exam.views and len({rule.least for rule in rules}) > 1:
        yield "views"
    if region.side == "paired" and exam.side in ("", "unilateral"):
        yield "laterality"
    extents = {detail for rule in rules for detail in rule.details} & {"limited", "complete", "unilateral"}
    if region.side == "" and extents and not exam.details & {"limited", "complete"}:
        yield "extent"


@cache
def _load_rules() -> tuple[Rule, ...]:
    return tuple(
        Rule(
            row["modality"],
            row["region"],
            row["contrast"],
            *_read_views(row["views"]),
            frozenset(() if row["detail"] == "*" else row["detail"].split()),
            row["code"],
            row["words"],
        )
        for row in load_rows("imaging_services.tsv")
    )


def _read_views(written: str) -> tuple[int, int]:
    if written == "*":
        return 0, 99
    if written.endswith("+"):
        return int(written[:-1]), 99
    least, _, most = written.partition("-")
    return int(least), int(most or least)


@cache
def _load_loinc() -> dict[str, str]:
    return {row["loinc"]: row["words"] for row in load_rows("exam_loinc.tsv")}
