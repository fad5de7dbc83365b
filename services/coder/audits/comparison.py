"""Compares a coding with the one that its reviewer holds to be right, point by point.

Place in the flow: a review is stored as these judgements; pure. Invariants: each point is judged once, so that one
mistake counts once: a wrong principal diagnosis is no wrong secondary diagnosis beside it, and two right diagnoses in
the wrong order are one mistake. A code too many and a code too few of one kind are one wrong code.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.coder.audits.reported import ReportedCode
from services.coder.engine.model import CodeSystem

_KIND_LENGTH = 3
_VISITS = range(99202, 99500)
"""CPT numbers of evaluation and management. Source: the section's range in the CPT code set."""


class Category(StrEnum):
    """What a judgement is about."""

    PRINCIPAL = "principal"
    """The principal diagnosis of a stay, the first-listed one of a visit."""
    DIAGNOSIS = "diagnosis"
    """Each other diagnosis."""
    ON_ADMISSION = "on-admission"
    PROCEDURE = "procedure"
    """ICD-10-PCS codes, and CPT and HCPCS codes but for visits."""
    VISIT_LEVEL = "visit-level"
    """CPT codes of evaluation and management."""
    MODIFIERS = "modifiers"
    UNITS = "units"
    DRG = "drg"


CODES = frozenset({Category.PRINCIPAL, Category.DIAGNOSIS, Category.PROCEDURE, Category.VISIT_LEVEL})
"""The categories whose judgements are about a code itself."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was coded beside what is right; None where one of them has nothing there."""

    category: Category
    coded: str | None
    correct: str | None

    @property
    def agreed(self) -> bool:
        """Whether the reviewer would have coded the same."""
        return self.coded == self.correct

    @property
    def key(self) -> str:
        """By what a reviewer's reason names it; no other judgement of the comparison has it."""
        return f"{self.category}:{self.coded or ''}:{self.correct or ''}"


def compare_codings(
    coded: Sequence[ReportedCode], correct: Sequence[ReportedCode], groups: tuple[str | None, str | None] = (None, None)
) -> list[Judgement]:
    """Judge a coding by the right one; `groups` are the MS-DRGs of both, None where there is no stay to group."""
    found = [*_judge_diagnoses(coded, correct), *_judge_services(coded, correct), *_judge_details(coded, correct)]
    if any(groups):
        found.append(Judgement(Category.DRG, *groups))
    return found


def _judge_diagnoses(coded: Sequence[ReportedCode], correct: Sequence[ReportedCode]) -> Iterator[Judgement]:
    had, right = _list_codes(coded, CodeSystem.ICD10CM), _list_codes(correct, CodeSystem.ICD10CM)
    first_had, first_right = next(iter(had), None), next(iter(right), None)
    if first_had or first_right:
        yield Judgement(Category.PRINCIPAL, first_had, first_right)
    same = first_had == first_right
    others_had = [code for code in had if code != first_had or (not same and code in right)]
    others_right = [code for code in right if code != first_right or (not same and code in had)]
    yield from _pair(Category.DIAGNOSIS, others_had, others_right)


def _judge_services(coded: Sequence[ReportedCode], correct: Sequence[ReportedCode]) -> Iterator[Judgement]:
    had, right = _list_codes(coded, *_SERVICES), _list_codes(correct, *_SERVICES)
    for category, is_visit in ((Category.PROCEDURE, False), (Category.VISIT_LEVEL, True)):
        yield from _pair(
            category,
            [code for code in had if _is_visit(code) is is_visit],
            [code for code in right if _is_visit(code) is is_visit],
        )


def _judge_details(coded: Sequence[ReportedCode], correct: Sequence[ReportedCode]) -> Iterator[Judgement]:
    """Judge what is said beside the codes that both have."""
    had, right = _by_code(coded), _by_code(correct)
    for code in had:
        if code in right:
            for category, describe in _DETAILS:
                details = describe(had[code]), describe(right[code])
                if any(details):
                    yield Judgement(category, *(f"{code} {each}".rstrip() for each in details))


def _pair(category: Category, had: Sequence[str], right: Sequence[str]) -> Iterator[Judgement]:
    """Judge what both have; then put what one lacks beside what the other has of the same kind."""
    yield from (Judgement(category, code, code) for code in right if code in had)
    superfluous = [code for code in had if code not in right]
    for code in right:
        if code not in had:
            instead = next((each for each in superfluous if _kind(each) == _kind(code)), None)
            if instead:
                superfluous.remove(instead)
            yield Judgement(category, instead, code)
    yield from (Judgement(category, code, None) for code in superfluous)


def _kind(code: str) -> str:
    """What makes two codes answers to one question: the category of a diagnosis, the section of a service."""
    return "visit" if _is_visit(code) else code[:_KIND_LENGTH]


def _is_visit(code: str) -> bool:
    return len(code) == 5 and code.isdecimal() and int(code) in _VISITS


def _list_codes(codes: Iterable[ReportedCode], *systems: CodeSystem) -> list[str]:
    """The codes of these systems, in their order, each once."""
    return list(dict.fromkeys(each.chosen.code for each in codes if each.chosen.system in systems))


def _by_code(codes: Iterable[ReportedCode]) -> dict[str, list[ReportedCode]]:
    found: defaultdict[str, list[ReportedCode]] = defaultdict(list)
    for each in codes:
        found[each.chosen.code].append(each)
    return found


def _say_on_admission(lines: Sequence[ReportedCode]) -> str:
    return lines[0].chosen.on_admission or ""


def _say_modifiers(lines: Sequence[ReportedCode]) -> str:
    return ", ".join(sorted(" ".join(each.modifiers) for each in lines if each.modifiers))


def _say_units(lines: Sequence[ReportedCode]) -> str:
    units = sum(each.units for each in lines)
    return f"x{units}" if units > 1 else ""


_SERVICES = (CodeSystem.ICD10PCS, CodeSystem.CPT, CodeSystem.HCPCS)
_DETAILS = (
    (Category.ON_ADMISSION, _say_on_admission),
    (Category.MODIFIERS, _say_modifiers),
    (Category.UNITS, _say_units),
)
