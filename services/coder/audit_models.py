"""What the routes of audits take and give.

Place in the flow: beside `api_models`; `api` and `workbench` read and write these, `service` fills the answers; pure.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, model_validator

from services.coder.api_models import NO_NUL, ApiModel, Code, Reason
from services.coder.audits.audit import Audit, Criteria, Method, SampledChart
from services.coder.audits.comparison import Category, Judgement
from services.coder.audits.reported import ReportedCode
from services.coder.chart_models import DocumentView, EncounterFacts, EvidenceSpan
from services.coder.decision_models import Modifier
from services.coder.decisions import ChosenCode
from services.coder.difference_models import DifferenceView
from services.coder.queue_models import ListId, Subject
from shared.days import IsoDay
from shared.pages import Page

MOST_CODES = 200
_LONGEST_DAYS = 366
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=NO_NUL)]
Seed = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=NO_NUL)]
Guideline = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_NUL)]


class AuditRequest(ApiModel):
    """Which finished charts are drawn from, how, and how many."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Clinic, third quarter",
                    "since": "2026-07-01",
                    "until": "2026-09-30",
                    "size": 30,
                    "blind": True,
                }
            ]
        }
    )

    title: Title
    since: IsoDay = Field(description="The first UTC day of completion.")
    until: IsoDay = Field(description="The last UTC day of completion.")
    coder: Subject | None = Field(default=None, description="The coder's subject; all coders if none.")
    list_id: ListId | None = None
    service_line: Subject | None = Field(default=None, description="Such as inpatient, emergency, imaging, clinic.")
    specialty: Subject | None = Field(default=None, description="Encounter.serviceType as a token, `system|code`.")
    method: Method = Field(default=Method.RANDOM, description="Only a random sample says something about all charts.")
    size: int = Field(default=30, ge=1, le=500, strict=True, description="How many charts at most.")
    seed: Seed | None = Field(default=None, description="Draws the same sample again; one is made up if none.")
    blind: bool = Field(default=False, strict=True, description="Reviewers code before they see how it was coded.")

    @model_validator(mode="after")
    def _spans_a_year_at_most(self) -> Self:
        if not 0 <= (self.until - self.since).days <= _LONGEST_DAYS or self.until.year > 9000:
            raise ValueError(f"name the first day before the last, at most {_LONGEST_DAYS} days apart")
        return self

    def to_domain(self) -> Criteria:
        """The criteria as the use cases take them."""
        return Criteria(**{name: getattr(self, name) for name in Criteria.__slots__})


class AuditView(ApiModel):
    """An audit and how far it is. The same seed draws the same charts from the same population."""

    audit_id: UUID
    request: AuditRequest
    seed: str
    population: int = Field(description="How many finished charts fitted.")
    size: int
    reviewed: int
    differing: int = Field(description="Reviewed charts with a difference that stands.")
    drawn_by: str
    drawn_at: datetime

    @classmethod
    def of(cls, audit: Audit) -> Self:
        """Shape an audit."""
        shown = {name: getattr(audit, name) for name in AuditView.model_fields if hasattr(audit, name)}
        return cls(request=AuditRequest.model_validate_json(audit.criteria), **shown)


class AuditsPage(Page):
    """Audits, the latest first."""

    audits: tuple[AuditView, ...]


class SampledChartView(ApiModel):
    """A chart of a sample. Whose coding it is stays hidden until a blind review is done."""

    chart_id: UUID
    position: int
    coder: str | None
    completed_at: datetime
    coded_blind_by: str | None
    reviewer: str | None
    reviewed_at: datetime | None
    differences: int

    @classmethod
    def of(cls, chart: SampledChart, *, blind: bool) -> Self:
        """Shape a chart of a sample."""
        shown = {name: getattr(chart, name) for name in cls.model_fields}
        return cls(**shown | {"coder": None if blind and chart.reviewer is None else chart.coder})


class AuditWithCharts(AuditView):
    """An audit with its sample, as far as the caller may see the charts."""

    charts: tuple[SampledChartView, ...]


class ReviewedCode(Code):
    """A code as it is right, with what a claim says beside it."""

    modifiers: tuple[Modifier, ...] = Field(default=(), max_length=4, description="Of a service, in the line's order.")
    units: int = Field(default=1, ge=1, le=9999, strict=True)

    @classmethod
    def of(cls, reported: ReportedCode) -> Self:
        """Shape a code of a claim."""
        chosen = {name: getattr(reported.chosen, name) for name in ChosenCode.__slots__}
        return cls(**chosen, modifiers=reported.modifiers, units=reported.units)

    def to_domain(self) -> ReportedCode:
        """The code as comparisons take it."""
        chosen = ChosenCode(self.system, self.code, self.display, self.on_admission)
        return ReportedCode(chosen, self.modifiers, self.units)


Codes = Annotated[
    tuple[ReviewedCode, ...],
    Field(
        min_length=1, max_length=MOST_CODES, description="In the claim's order: the first diagnosis is the principal."
    ),
]
_CODES: list[JsonValue] = [
    {"system": "icd10cm", "code": "J18.1", "on_admission": "y"},
    {"system": "cpt", "code": "99213"},
]


class CodesRequest(ApiModel):
    """A coding as the reviewer would have it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"codes": _CODES}]})

    codes: Codes


class DifferenceReason(ApiModel):
    """Why what is right is right."""

    key: str = Field(max_length=120, pattern=NO_NUL, description="`key` of a judgement of the comparison.")
    reason: Reason
    guideline: Guideline | None = Field(default=None, examples=["ICD-10-CM Guidelines I.C.10.d"])


class ReviewRequest(CodesRequest):
    """The coding that the reviewer holds to be right, with a reason for each difference."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "codes": _CODES,
                    "reasons": [
                        {
                            "key": "principal:J18.9:J18.1",
                            "reason": "The impression says lobar pneumonia.",
                            "guideline": "ICD-10-CM Guidelines I.B.2",
                        }
                    ],
                }
            ]
        }
    )

    reasons: tuple[DifferenceReason, ...] = Field(default=(), max_length=400)


class JudgementView(ApiModel):
    """One point: what was coded beside what is right; null where one of them has nothing there."""

    key: str
    category: Category
    coded: str | None
    correct: str | None
    agreed: bool

    @classmethod
    def of(cls, judgement: Judgement) -> Self:
        """Shape a judgement."""
        return cls(**{name: getattr(judgement, name) for name in JudgementView.model_fields})


class Comparison(ApiModel):
    """A coding beside the first one, point by point."""

    judgements: tuple[JudgementView, ...]


class CodeEvidence(EvidenceSpan):
    """Words that justified a code when it was suggested."""

    code: str


class AuditedChart(ApiModel):
    """A chart as its coder had it, with the first coding. In a blind audit that is null until the caller has coded."""

    audit_id: UUID
    title: str
    chart_id: UUID
    blind: bool
    encounter: EncounterFacts
    documents: tuple[DocumentView, ...]
    coder: str | None
    completed_at: datetime
    coded: tuple[ReviewedCode, ...] | None
    evidence: tuple[CodeEvidence, ...] = Field(description="Empty while the first coding is hidden.")
    coded_blind: tuple[ReviewedCode, ...] | None = Field(description="What the reviewer coded before seeing it.")
    reviewer: str | None
    differences: tuple[DifferenceView, ...] = Field(description="What its review found; empty before.")


def show_codes(reported: Iterable[ReportedCode] | None) -> tuple[ReviewedCode, ...] | None:
    """Shape a coding; None of none."""
    return None if reported is None else tuple(map(ReviewedCode.of, reported))
