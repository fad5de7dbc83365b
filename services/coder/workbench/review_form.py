"""What a reviewer typed: the rows of a coding, and the reason for each difference.

Place in the flow: between the form of a review and `service.auditing`; pure. Invariants: a row keeps its number and
what was typed in it, whatever is wrong with it; a row without a code is no row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from services.coder.audit_models import CodesRequest, DifferenceReason, JudgementView, ReviewedCode, ReviewRequest
from services.coder.engine.model import CodeSystem
from services.coder.workbench.forms import normalise_code
from shared.contracts.errors import InvalidContent

_BLANK_ROWS = 2
_MOST_ROWS = 100
_FIXES = {
    "code": "this is not the form of a code of the chosen system",
    "system": "choose a code system",
    "modifiers": "write at most four modifiers of two letters or digits, such as 25 LT",
    "units": "write how many units, 1 to 9999",
    "on_admission": "choose whether it was present on admission",
}


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A row as it stands on the page; `display` is the title of a code that was read off the claim."""

    number: int
    system: str = CodeSystem.ICD10CM
    code: str = ""
    on_admission: str = ""
    modifiers: str = ""
    units: str = "1"
    display: str = ""

    @property
    def is_icd(self) -> bool:
        """Whether it has a code that can have neither modifiers nor units."""
        return bool(self.code) and self.system in (CodeSystem.ICD10CM, CodeSystem.ICD10PCS)

    @property
    def may_be_diagnosis(self) -> bool:
        """Whether it is a diagnosis, or may become one."""
        return not self.code or self.system == CodeSystem.ICD10CM


@dataclass(frozen=True, slots=True)
class ReviewForm:
    """All rows, and which of them has the principal or first-listed diagnosis, 0 for the first one there is."""

    rows: tuple[ReviewRow, ...]
    principal: int = 0

    @classmethod
    def of(cls, codes: Sequence[ReviewedCode] | None) -> "ReviewForm":
        """Lay out a coding, with blank rows behind it."""
        rows = [
            ReviewRow(
                number,
                each.system,
                each.code,
                each.on_admission or "",
                " ".join(each.modifiers),
                str(each.units),
                each.display,
            )
            for number, each in enumerate(codes or (), 1)
        ]
        return cls(tuple(rows)).with_blanks()

    @classmethod
    def read(cls, form: Mapping[str, str]) -> "ReviewForm":
        """Read the rows that were typed."""
        numbers = [number for number in range(1, _MOST_ROWS + 1) if f"code-{number}" in form]
        rows = [ReviewRow(number, **{name: form.get(f"{name}-{number}", "") for name in _FIELDS}) for number in numbers]
        principal = form.get("principal", "")
        return cls(tuple(rows), int(principal) if principal.isascii() and principal.isdecimal() else 0)

    def with_blanks(self) -> "ReviewForm":
        """Put blank rows behind those that are filled."""
        filled = [row for row in self.rows if row.code.strip()]
        last = max((row.number for row in filled), default=0)
        blank = [ReviewRow(number) for number in range(last + 1, min(last + _BLANK_ROWS, _MOST_ROWS) + 1)]
        return ReviewForm((*filled, *blank), self.principal)

    def to_codes(self) -> CodesRequest:
        """The coding as the use cases take it, the principal diagnosis first; raises InvalidContent."""
        filled = [row for row in self.rows if row.code.strip()]
        if not filled:
            raise InvalidContent("write at least one code")
        first = sorted(filled, key=lambda row: row.number != self.principal)
        return CodesRequest(codes=tuple(map(_read_row, first)))


_FIELDS = ("system", "code", "on_admission", "modifiers", "units", "display")


def _read_row(row: ReviewRow) -> ReviewedCode:
    units = row.units.strip() or "1"
    typed = {
        "system": row.system,
        "code": normalise_code(row.system, row.code),
        "display": row.display[:300],
        "on_admission": row.on_admission or None,
        "modifiers": tuple(row.modifiers.upper().replace(",", " ").split()),
        "units": int(units) if units.isascii() and units.isdecimal() else units,
    }
    try:
        return ReviewedCode.model_validate(typed)
    except ValidationError as error:
        places = [part for part in error.errors()[0]["loc"] if isinstance(part, str)]
        fix = _FIXES.get(places[-1] if places else "code", _FIXES["code"])
        raise InvalidContent(f"row {row.number}: {fix}") from error


def read_review(form: Mapping[str, str], codes: CodesRequest) -> ReviewRequest:
    """Read a review: the coding, and the reasons that were written; raises InvalidContent."""
    keys = {name.removeprefix("key-"): form[name] for name in form if name.startswith("key-")}
    try:
        reasons = tuple(
            DifferenceReason(key=key, reason=reason, guideline=form.get(f"guideline-{number}", "").strip() or None)
            for number, key in keys.items()
            if (reason := form.get(f"reason-{number}", "").strip())
        )
        return ReviewRequest(codes=codes.codes, reasons=reasons)
    except ValidationError as error:
        raise InvalidContent("a reason has at most 500 characters, a guideline 200") from error


@dataclass(frozen=True, slots=True)
class ShownJudgement:
    """A judgement under its number on the page, with the reason that was typed so far."""

    number: int
    judgement: JudgementView
    reason: str
    guideline: str


def show_judgements(judgements: Sequence[JudgementView], form: Mapping[str, str]) -> list[ShownJudgement]:
    """Number the differences, each with what was typed for it before."""
    typed = {form[name]: name.removeprefix("key-") for name in form if name.startswith("key-")}
    differing = [each for each in judgements if not each.agreed]
    return [
        ShownJudgement(
            number,
            each,
            form.get(f"reason-{typed.get(each.key)}", ""),
            form.get(f"guideline-{typed.get(each.key)}", ""),
        )
        for number, each in enumerate(differing, 1)
    ]
