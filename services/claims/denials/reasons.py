"""What payers' codes mean for whoever works a denial, one a row of reasons.tsv and rejections.tsv; pure.

Place in the flow: every line on the worklist is put into a kind here, and its next step proposed. The numbers are those
of the X12 external code lists 139 (CARC), 411 (RARC), 507 and 508 (277CA), of the 999's IK3, IK4, IK5 and AK9, and of
FHIR's issue types; kinds, steps and words are ours. Invariant: a code that the tables do not know says so, and somebody
looks at it.
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
    REJECTION = "rejection"
    """Refused before adjudication: the payer has decided nothing and has no number of the claim."""
    VOID = "void"
    """The payer refuses to take back what it holds."""


class Step(StrEnum):
    """What is done about a denial."""

    CORRECT = "correct"
    """Back to the coder with what the payer said; the next coding makes a new or a replacing claim."""
    APPEAL = "appeal"
    """The payer is shown the words that the claim rests on."""
    WRITE_OFF = "write_off"
    """Nothing more is asked for; a lead's decision."""
    RESUBMIT = "resubmit"
    """Back to the coder with what the payer refused; the next coding goes out as a first claim, replacing none."""
    SETTLE = "settle"
    """Agreed with the payer outside of claims: what it paid is reported and given back, or it confirms that nothing is
    owed; a lead's decision."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What a code means."""

    kind: Kind
    step: Step
    words: str


UNKNOWN = Reason(Kind.OTHER, Step.APPEAL, "The payer names a reason that is not in our table.")
UNKNOWN_REJECTION = "The payer names an error that is not in our table."
_PRICE = "price"


def _read_rows(name: str) -> Iterable[dict[str, str]]:
    text = (files("services.claims.denials") / name).read_text(encoding="utf-8")
    return list(DictReader(text.splitlines(), delimiter="\t"))


def _read_reasons(code_list: str) -> Mapping[str, Reason]:
    rows = (row for row in _ROWS if row["list"] == code_list and row["kind"] != _PRICE)
    return {row["code"]: Reason(Kind(row["kind"]), Step(row["step"]), row["words"]) for row in rows}


_ROWS = _read_rows("reasons.tsv")
_CARC, _RARC = _read_reasons("CARC"), _read_reasons("RARC")
_REJECTIONS = {(row["list"] == "508", row["code"]): row["words"] for row in _read_rows("rejections.tsv")}
"""Words by code; list 508 (claim status) counts by itself, as its numbers only ever stand behind a category."""
PRICE_REASONS = frozenset(row["code"] for row in _ROWS if row["kind"] == _PRICE)
"""CARC that share or limit the price of a covered service: deductible, coinsurance, fee schedule, ... No denials."""


def explain_denial(reason: str, remarks: Iterable[str]) -> Reason:
    """What a CARC with its RARC means: a known remark says more than the reason that it is beside."""
    told = (_RARC[remark] for remark in remarks if remark in _RARC)
    return next(told, _CARC.get(reason, UNKNOWN))


def explain_rejection(code: str, _remarks: Iterable[str] = ()) -> Reason:
    """What the code of a refusal before adjudication means: `A7-562` is category A7 of a 277CA with status 562."""
    return Reason(Kind.REJECTION, Step.RESUBMIT, _find_rejection(code) or UNKNOWN_REJECTION)


def explain_refused_void(code: str, remarks: Iterable[str]) -> Reason:
    """Why a payer does not take a claim back, whether it adjudicated the void or refused it before."""
    words = _find_rejection(code) or explain_denial(code, remarks).words
    return Reason(Kind.VOID, Step.SETTLE, f"The payer does not take back what it holds. {words}")


def _find_rejection(code: str) -> str:
    category, _, status = code.partition("-")
    words = (_REJECTIONS.get((False, code)) or _REJECTIONS.get((False, category)), _REJECTIONS.get((True, status)))
    return " ".join(each for each in words if each)
