"""What the query routes take and give.

Place in the flow: beside `api_models`; `api` and `workbench` read and write these, `service` fills the answers; pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.coder.api_models import ApiModel, Reason
from services.coder.queries.life import QueryEvent, QueryState
from services.coder.queries.linter import LintFinding
from services.coder.queries.model import PractitionerReference, QueryContent
from services.coder.queries.templates import Template
from services.coder.store.queries import QueryEntry, StoredQuery
from shared.pages import Page

Addressee = Annotated[
    PractitionerReference, Field(description="The clinician who is asked.", examples=["Practitioner/d"])
]

_EXAMPLE: JsonDict = {
    "addressee": "Practitioner/dr-1",
    "content": {
        "template": "lung-organism",
        "form": "choice",
        "purpose": "specificity",
        "title": "Clarification of the lung findings",
        "question": "Can the organism of the documented lung condition be specified, in your clinical judgement?",
        "indicators": [
            {
                "statement": "Sputum culture grew Klebsiella",
                "source": "DiagnosticReport/dr-1#0",
                "version": 1,
                "start": 120,
                "end": 150,
                "dated": "2026-09-01",
            }
        ],
        "options": [
            {"text": "Gram-negative pneumonia", "supported_by": [1]},
            {"text": "Other (please specify)"},
            {"text": "Unable to determine"},
        ],
    },
}


class QueryRequest(ApiModel):
    """A query as its writer has it; a draft may break rules."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    content: QueryContent
    addressee: Addressee


class SendRequest(ApiModel):
    """Sending; `override_reason` is a lead's alone, and stays on the record with the rules that it overrides."""

    override_reason: Reason | None = None


class WithdrawRequest(ApiModel):
    """Why a query is taken back."""

    reason: Reason


class ReassignRequest(ApiModel):
    """Who is asked instead, and why; the time to answer begins anew."""

    addressee: Addressee
    reason: Reason


class LintFindingView(ApiModel):
    """One breach of one rule: what the rule asks and who says so, where it is broken, and the fix."""

    rule: str = Field(examples=["title-undocumented"])
    place: str = Field(examples=["title"])
    message: str
    fix: str
    words: str = Field(description="The words that break the rule, where there are any.")
    asks: str
    source: str


class LintResult(ApiModel):
    """What keeps a query from being sent; nothing when it may be."""

    findings: tuple[LintFindingView, ...]

    @classmethod
    def of(cls, findings: Iterable[LintFinding]) -> "LintResult":
        """Shape the linter's findings."""
        return cls(findings=tuple(LintFindingView.model_validate(each._asdict()) for each in findings))


class QueryEventView(ApiModel):
    """One line of a query's record."""

    event: QueryEvent
    actor: str
    detail: str | None
    happened_at: datetime


class QueryView(ApiModel):
    """A query with its record. `answer` is the clinician's Communication, or Bundle, as it came.

    Evidence is the addendum alone, once `addendum_in_chart` says that it is a document of the chart.
    """

    query_id: UUID
    chart_id: UUID
    chart_version: int
    state: QueryState
    revision: int
    content: QueryContent
    written_by: str
    practitioner: str
    written_at: datetime
    addressee: str
    sent_at: datetime | None
    due_at: datetime | None
    reminders: int
    escalated_at: datetime | None
    answer: str | None
    answered_at: datetime | None
    addendum: str | None
    addendum_in_chart: bool
    closed_at: datetime | None
    record: tuple[QueryEventView, ...]


class QueriesOfChart(Page):
    """A page of the queries of a chart, the oldest first."""

    queries: tuple[QueryView, ...]


class AskedOfMe(ApiModel):
    """A query as its addressee sees it."""

    query_id: UUID
    state: QueryState
    content: QueryContent
    sent_at: datetime | None
    due_at: datetime | None
    answered_at: datetime | None


class QueriesToMe(Page):
    """A page of what the caller was asked, the latest first."""

    queries: tuple[AskedOfMe, ...]


class TemplateView(ApiModel):
    """A template; `options` are offered where a chart shows their signs."""

    template: str
    name: str
    title: str
    question: str
    form: str
    purpose: str
    options: tuple[str, ...]

    @classmethod
    def of(cls, template: Template) -> "TemplateView":
        """Shape a template."""
        options = tuple(option.text for option in template.options)
        return cls(**template.model_dump(include=set(cls.model_fields) - {"options"}), options=options)


class Templates(ApiModel):
    """Every template."""

    templates: tuple[TemplateView, ...]


def show_query(query: StoredQuery, entries: Sequence[QueryEntry], sources: Iterable[str]) -> QueryView:
    """Shape a query with its record; `sources` are the resources that the chart's documents come from."""
    fields = {name: getattr(query, name) for name in QueryView.model_fields if hasattr(query, name)}
    return QueryView(
        **fields,
        addendum_in_chart=query.addendum is not None and query.addendum in set(sources),
        record=tuple(QueryEventView.model_validate(asdict(entry)) for entry in entries),
    )


def show_to_addressee(query: StoredQuery) -> AskedOfMe:
    """Shape a query for the clinician who is asked."""
    return AskedOfMe(**{name: getattr(query, name) for name in AskedOfMe.model_fields})
