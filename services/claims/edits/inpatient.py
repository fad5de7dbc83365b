"""What does the Medicare Code Editor say of an inpatient stay? Family of edits; pure.

Its edits are rows of inpatient.toml. The editor judges by the date of discharge itself; dates here are those on which
CMS put an edit into force or took it out.
"""

import tomllib
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit
from services.claims.edits.traits import Trait
from services.claims.edits.validity import ICD10_BEGINS

_SOURCE = "CMS, Definitions of Medicare Code Edits"
_FIRST = "Claim.diagnosis.where(sequence = 1)"
_OF_STAYS: frozenset[Trait] = frozenset({"stay"})
_PLACES = {"LIMITED_COVERAGE": "Claim.procedure", "NON_COVERED": "Claim.procedure"}


def _find_named(name: str) -> Callable[[ClaimUnderEdit], Iterator[Hit]]:
    place = _PLACES.get(name, _FIRST if name.endswith("_PDX") else "Claim.diagnosis")

    def find(subject: ClaimUnderEdit) -> Iterator[Hit]:
        if name in subject.stay_edits:
            first = subject.view.first_listed
            yield Hit(first.path if first and place == _FIRST else place)

    return find


def _find_invalid_procedure(subject: ClaimUnderEdit) -> Iterator[Hit]:
    """The editor says 'invalid' of the stay; when no diagnosis is, it means a procedure."""
    if "INVALID_CODE" in subject.stay_edits and subject.view.procedures and not subject.diagnosis_faults:
        yield Hit("Claim.procedure")


# The rows' members have the types of Edit's fields, which mypy cannot see in TOML.
def _read_edit(name: str, row: dict[str, Any]) -> Edit:
    return Edit(
        id=f"mce-{name.lower().replace('_', '-')}",
        source=_SOURCE,
        find=_find_named(name),
        needs=_OF_STAYS,
        **{"effective_from": ICD10_BEGINS, **row},
    )


_ROWS = tomllib.loads((files("services.claims.edits") / "inpatient.toml").read_text(encoding="utf-8"))

INPATIENT = (
    *(_read_edit(name, row) for name, row in _ROWS.items()),
    Edit(
        "procedure-not-in-force",
        "45 CFR 162.1002; ICD-10-PCS as in force on the date of discharge",
        "A procedure code is not in force on the day of discharge.",
        "Choose the code that the release of that day has instead.",
        _find_invalid_procedure,
        effective_from=ICD10_BEGINS,
        needs=_OF_STAYS,
    ),
)
