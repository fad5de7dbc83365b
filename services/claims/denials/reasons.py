"""What payers' codes mean for whoever works a denial, one a row of reasons.tsv; pure.

Place in the flow: every denied line is put into a kind here, and its next step proposed. The numbers are those of the
X12 external code lists 139 (CARC) and 411 (RARC); kinds, steps and words are ours. Invariant: a code that the table
does not know is of kind `other`, and somebody looks at it.
"""

from collections.abc import Iterable, Mapping
from csv import DictReader
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files


class Kind(StrEnum):
    """What was wrong, as the payer sees it."""

    CODING = "coding"
    DOCUMENTATION = "documentation"
    AUTHORIZATION = "authorization"
    ELIGIBILITY = "eligibility"
    TIMELY = "timely"
    DUPLICATE = "duplicate"
    OTHER = "other"


class Step(StrEnum):
    """What is done about a denial."""

    CORRECT = "correct"
    """Back to the coder with what the payer said; the next coding makes a new or a replacing claim."""
    APPEAL = "appeal"
    """The payer is shown the words that the claim rests on."""
    WRITE_OFF = "write_off"
    """Nothing more is asked for; a lead's decision."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What a code means."""

    kind: Kind
    step: Step
    words: str


UNKNOWN = Reason(Kind.OTHER, Step.APPEAL, "The payer names a reason that is not in our table.")
_PRICE = "price"


def _read_rows() -> Iterable[dict[str, str]]:
    text = (files("services.claims.denials") / "reasons.tsv").read_text(encoding="utf-8")
    return list(DictReader(text.splitlines(), delimiter="\t"))


def _read_reasons(code_list: str) -> Mapping[str, Reason]:
    rows = (row for row in _ROWS if row["list"] == code_list and row["kind"] != _PRICE)
    return {row["code"]: Reason(Kind(row["kind"]), Step(row["step"]), row["words"]) for row in rows}


_ROWS = _read_rows()
_CARC, _RARC = _read_reasons("CARC"), _read_reasons("RARC")
PRICE_REASONS = frozenset(row["code"] for row in _ROWS if row["kind"] == _PRICE)
"""CARC that share or limit the price of a covered service: deductible, coinsurance, fee schedule, ... No denials."""


def explain_denial(reason: str, remarks: Iterable[str]) -> Reason:
    """What a CARC with its RARC means: a known remark says more than the reason that it is beside."""
    told = (_RARC[remark] for remark in remarks if remark in _RARC)
    return next(told, _CARC.get(reason, UNKNOWN))
