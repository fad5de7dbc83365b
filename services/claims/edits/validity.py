"""Are the codes billable on the day of service, and as specific as they must be? Family of edits; pure.

Source of the days: the Medicare Code Editor's own tables, so a code of a later release than the Tabular List's counts.
"""

from collections.abc import Callable, Iterator
from datetime import date

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit
from services.claims.edits.reference import Fault

ICD10_BEGINS = date(2015, 10, 1)
HIPAA_CODE_SETS_BEGIN = date(2003, 10, 16)
_GUIDELINES = "ICD-10-CM Official Guidelines for Coding and Reporting"


def _find_fault(fault: Fault) -> Callable[[ClaimUnderEdit], Iterator[Hit]]:
    def find(subject: ClaimUnderEdit) -> Iterator[Hit]:
        yield from (Hit(path) for path, found in subject.diagnosis_faults if found is fault)

    return find


def _find_open_side(subject: ClaimUnderEdit) -> Iterator[Hit]:
    book = subject.reference.diagnoses
    if book:
        yield from (Hit(each.path) for each in subject.view.coded if book.has_sided_sibling(each.code))


def _find_lapsed_service(subject: ClaimUnderEdit) -> Iterator[Hit]:
    book = subject.reference.services
    for line in subject.view.lines:
        if line.code and line.day and book.lacks_service(line.code, line.day):
            yield Hit(f"{line.path}.productOrService")


def _find_lapsed_modifier(subject: ClaimUnderEdit) -> Iterator[Hit]:
    book = subject.reference.services
    for line in subject.view.lines:
        for position, modifier in enumerate(line.modifiers):
            if line.day and book.lacks_modifier(modifier, line.day):
                yield Hit(f"{line.path}.modifier[{position}]")


VALIDITY = (
    Edit(
        "diagnosis-not-in-force",
        "45 CFR 162.1002; ICD-10-CM as in force on the date of service, for a stay of discharge",
        "The diagnosis code is not in force on the day of service.",
        "Choose the code that the release of that day has instead.",
        _find_fault(Fault.NOT_IN_FORCE),
        effective_from=ICD10_BEGINS,
    ),
    Edit(
        "diagnosis-not-specific",
        f"{_GUIDELINES}, I.B.2",
        "The diagnosis is a category or subcategory that is divided further.",
        "Code to the highest number of characters that the Tabular List has.",
        _find_fault(Fault.NOT_SPECIFIC),
        effective_from=ICD10_BEGINS,
    ),
    Edit(
        "seventh-character",
        f"{_GUIDELINES}, I.A.5",
        "The diagnosis needs a 7th character, or has one that its category does not know.",
        "Add the 7th character, with placeholders X before it where the code is short.",
        _find_fault(Fault.LACKS_SEVENTH),
        effective_from=ICD10_BEGINS,
    ),
    Edit(
        "side-unspecified",
        f"{_GUIDELINES}, I.B.13",
        "The diagnosis leaves the side open.",
        "Choose the code of the documented side; ask the clinician when it is not documented.",
        _find_open_side,
        severity="warning",
        effective_from=ICD10_BEGINS,
    ),
    Edit(
        "service-not-in-force",
        "45 CFR 162.1002; HCPCS Level II and CPT as in force on the day of the service",
        "The service code is not in force on the day of the service.",
        "Choose the code that the release of that day has instead.",
        _find_lapsed_service,
        effective_from=HIPAA_CODE_SETS_BEGIN,
    ),
    Edit(
        "modifier-not-in-force",
        "45 CFR 162.1002; HCPCS Level II as in force on the day of the service",
        "The modifier is not in force on the day of the service.",
        "Choose the modifier that the release of that day has instead, or remove it.",
        _find_lapsed_modifier,
        effective_from=HIPAA_CODE_SETS_BEGIN,
        needs=frozenset({"modifiers"}),
    ),
)
