"""Do the diagnoses stand together as the classification's conventions have it? Family of edits; pure."""

from collections.abc import Callable, Iterator
from itertools import combinations

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit
from services.claims.edits.reference import Exclusion
from services.claims.edits.validity import ICD10_BEGINS
from services.claims.edits.view import Line

_GUIDELINES = "ICD-10-CM Official Guidelines for Coding and Reporting"
_EXTERNAL_CAUSES = ("V", "W", "X", "Y")
_SIDE_OF_MODIFIER = {"RT": "right", "LT": "left"}


def _find_excluded(where: Exclusion) -> Callable[[ClaimUnderEdit], Iterator[Hit]]:
    def find(subject: ClaimUnderEdit) -> Iterator[Hit]:
        yield from (Hit(two, f"with {one}") for one, two, found in subject.exclusions if found is where)

    return find


def _find_code_first_order(subject: ClaimUnderEdit) -> Iterator[Hit]:
    book = subject.reference.diagnoses
    if book:
        for earlier, later in combinations(subject.view.coded, 2):
            if book.comes_after(earlier.code, later.code) and not book.comes_after(later.code, earlier.code):
                yield Hit(earlier.path, f"{later.path} comes first")


def _find_manifestation_first(subject: ClaimUnderEdit) -> Iterator[Hit]:
    editor, first, day = subject.reference.editor, subject.view.first_listed, subject.service_day
    if not editor or not first or not first.code or not day:
        return
    if "MANIFESTATION_AS_PDX" in (editor.objections_to(first.code, day) or ()):
        yield Hit(first.path)


def _find_external_cause_first(subject: ClaimUnderEdit) -> Iterator[Hit]:
    first = subject.view.first_listed
    if first and first.code.startswith(_EXTERNAL_CAUSES):
        yield Hit(first.path)


def _find_repeated_diagnosis(subject: ClaimUnderEdit) -> Iterator[Hit]:
    seen: set[str] = set()
    for diagnosis in subject.view.coded:
        if diagnosis.code in seen:
            yield Hit(diagnosis.path)
        seen.add(diagnosis.code)


def _find_other_side(subject: ClaimUnderEdit) -> Iterator[Hit]:
    yield from (Hit(line.path) for line in subject.view.lines if _contradicts_sides(subject, line))


def _contradicts_sides(subject: ClaimUnderEdit, line: Line) -> bool:
    """Whether the modifier names one side and every sided diagnosis that the line points to the other."""
    book = subject.reference.diagnoses
    named = {_SIDE_OF_MODIFIER[modifier] for modifier in line.modifiers if modifier in _SIDE_OF_MODIFIER}
    if not book or len(named) != 1:
        return False
    sides = {book.side_of(diagnosis.code) for diagnosis in line.diagnoses} - {""}
    return bool(sides) and not sides & {*named, "bilateral"}


CONVENTIONS = (
    Edit(
        "excludes1",
        f"{_GUIDELINES}, I.A.12.a; ICD-10-CM Tabular List, note at the code or its category",
        "An Excludes1 note says that two of the diagnoses are never coded together.",
        "Keep the one that the documentation supports.",
        _find_excluded(Exclusion.CODE),
        effective_from=ICD10_BEGINS,
        needs=frozenset({"several diagnoses"}),
    ),
    Edit(
        "excludes1-chapter",
        f"{_GUIDELINES}, I.A.12.a; ICD-10-CM Tabular List, note at the block or chapter",
        "An Excludes1 note of the block or chapter names another diagnosis of the claim.",
        "Keep one, or say that the two conditions are unrelated.",
        _find_excluded(Exclusion.CHAPTER),
        severity="warning",
        effective_from=ICD10_BEGINS,
        needs=frozenset({"several diagnoses"}),
    ),
    Edit(
        "code-first",
        f"{_GUIDELINES}, I.A.13",
        "A 'code first' note puts another diagnosis of the claim before this one.",
        "Change the order of the two.",
        _find_code_first_order,
        severity="warning",
        effective_from=ICD10_BEGINS,
        needs=frozenset({"several diagnoses"}),
    ),
    Edit(
        "manifestation-first",
        f"{_GUIDELINES}, I.A.13",
        "A manifestation cannot be the first-listed diagnosis.",
        "Put the underlying condition first.",
        _find_manifestation_first,
        effective_from=ICD10_BEGINS,
        needs=frozenset({"no stay"}),
    ),
    Edit(
        "external-cause-first",
        f"{_GUIDELINES}, I.C.20.a.6",
        "An external cause cannot be the first-listed diagnosis.",
        "Put the injury or condition first.",
        _find_external_cause_first,
        effective_from=ICD10_BEGINS,
        needs=frozenset({"no stay"}),
    ),
    Edit(
        "diagnosis-repeated",
        f"{_GUIDELINES}, I.B.12",
        "The same diagnosis code stands on the claim twice.",
        "Report each code once.",
        _find_repeated_diagnosis,
        effective_from=ICD10_BEGINS,
        needs=frozenset({"several diagnoses"}),
    ),
    Edit(
        "side-against-modifier",
        f"{_GUIDELINES}, I.B.13; HCPCS Level II modifiers RT and LT",
        "The modifier names another side than the diagnoses of the line.",
        "Correct the modifier, the diagnosis, or what the line points to.",
        _find_other_side,
        effective_from=ICD10_BEGINS,
        needs=frozenset({"modifiers"}),
    ),
)
