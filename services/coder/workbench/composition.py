"""A query while it is written: every indicator that could be cited, the answers row by row, and what the linter says.

Place in the flow: between the composer's form and `service.queries`; pure. Invariant: what is shown in a row keeps its
number while one writes; only what is ticked and filled in becomes the query.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from services.coder.queries.linter import LintFinding
from services.coder.queries.model import Indicator, Option, QueryContent
from shared.contracts.errors import InvalidContent

_BLANK_ROWS = 2
_MOST_OPTIONS = 12
_NUMBER = re.compile(r"\d+")
_PLACE = re.compile(r"(\w+)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An indicator that may be cited, under its number on the page."""

    number: int
    indicator: Indicator
    cited: bool

    @property
    def packed(self) -> str:
        """The indicator as the form carries it."""
        return self.indicator.model_dump_json()


@dataclass(frozen=True, slots=True)
class OptionRow:
    """An answer, and the numbers of the candidates that support it, as typed."""

    text: str = ""
    support: str = ""


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding, and the field of the page where it is."""

    finding: LintFinding
    anchor: str


@dataclass(frozen=True, slots=True)
class Composition:
    """The composer's fields."""

    template: str
    form: str
    purpose: str
    title: str
    question: str
    candidates: tuple[Candidate, ...]
    rows: tuple[OptionRow, ...]

    @property
    def shown_rows(self) -> tuple[OptionRow, ...]:
        """The rows of answers with some to fill in."""
        return (*self.rows, *(OptionRow() for _ in range(_BLANK_ROWS)))[:_MOST_OPTIONS]

    def add(self, indicator: Indicator) -> "Composition":
        """Cite one more indicator."""
        return replace(self, candidates=(*self.candidates, Candidate(len(self.candidates) + 1, indicator, cited=True)))

    def to_content(self) -> QueryContent:
        """The query as it would be sent; raises InvalidContent for a field that is too long or malformed."""
        cited = [each for each in self.candidates if each.cited]
        numbers = {each.number: place for place, each in enumerate(cited, 1)}
        try:
            return QueryContent.model_validate(
                {
                    "template": self.template,
                    "form": self.form,
                    "purpose": self.purpose,
                    "title": self.title,
                    "question": self.question,
                    "indicators": tuple(each.indicator for each in cited),
                    "options": tuple(_read_option(row, numbers) for row in self.rows if row.text.strip()),
                }
            )
        except ValidationError as error:
            raise InvalidContent("a field is too long or was changed; shorten it, or begin again") from error

    def locate(self, findings: Iterable[LintFinding]) -> list[ShownFinding]:
        """Give each finding the field where it is."""
        return [ShownFinding(finding, self._find_anchor(finding.place)) for finding in findings]

    def _find_anchor(self, place: str) -> str:
        listed = _PLACE.fullmatch(place)
        if listed is None:
            return {"indicators": "quote", "options": "option-1"}.get(place, place)
        if listed[1] == "indicators":
            numbers = [each.number for each in self.candidates if each.cited]
            return f"cite-{numbers[int(listed[2])]}"
        filled = [number for number, row in enumerate(self.rows, 1) if row.text.strip()]
        return f"option-{filled[int(listed[2])]}"


def _read_option(row: OptionRow, numbers: Mapping[int, int]) -> Option:
    """A number of a candidate that is not cited becomes 0, which supports nothing."""
    typed = (int(number) for number in _NUMBER.findall(row.support[:60]))
    return Option(text=row.text, supported_by=tuple(numbers.get(number, 0) for number in typed))


def compose(content: QueryContent) -> Composition:
    """Show a query in the composer; what has no date cannot be cited before it is given one."""
    return Composition(
        template=content.template,
        form=content.form,
        purpose=content.purpose,
        title=content.title,
        question=content.question,
        candidates=tuple(
            Candidate(number, each, cited=each.dated is not None) for number, each in enumerate(content.indicators, 1)
        ),
        rows=tuple(OptionRow(each.text, " ".join(map(str, each.supported_by))) for each in content.options),
    )


def read_composition(form: Mapping[str, str]) -> Composition:
    """Read the composer's form; raises InvalidContent when its hidden parts were changed."""
    return Composition(
        **{name: form.get(name, "") for name in ("template", "form", "purpose", "title", "question")},
        candidates=tuple(_read_candidates(form)),
        rows=_read_rows(form),
    )


def _read_candidates(form: Mapping[str, str]) -> Iterable[Candidate]:
    number = 1
    while packed := form.get(f"indicator-{number}"):
        try:
            indicator = Indicator.model_validate_json(packed)
            if dated := form.get(f"dated-{number}", "").strip():
                indicator = Indicator.model_validate({**indicator.model_dump(), "dated": dated})
        except ValidationError as error:
            raise InvalidContent("write a date as 2026-09-01; where it is one, open the composer again") from error
        yield Candidate(number, indicator, cited=f"cite-{number}" in form)
        number += 1


def _read_rows(form: Mapping[str, str]) -> tuple[OptionRow, ...]:
    rows: Sequence[OptionRow] = [
        OptionRow(form.get(f"option-{number}", ""), form.get(f"support-{number}", ""))
        for number in range(1, _MOST_OPTIONS + 1)
    ]
    last = max((number for number, row in enumerate(rows, 1) if row.text.strip()), default=0)
    return tuple(rows[:last])
