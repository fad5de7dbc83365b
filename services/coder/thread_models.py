"""What the routes of second opinions take and give; beside `api_models`; pure."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from services.coder.api_models import ApiModel
from shared.pages import Page

_NO_NUL = r"^[^\x00]*$"  # PostgreSQL's text cannot hold it
AskedKind = Literal["colleague", "list"]
ThreadState = Literal["asked", "answered", "closed"]
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=_NO_NUL)]
Asked = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_NO_NUL)]


class Span(ApiModel):
    """The words that a thread is about: `text[start:end]` of one document version."""

    document_id: str
    version: int = Field(strict=True)
    start: int = Field(ge=0, strict=True)
    end: int = Field(gt=0, strict=True)


class ThreadRequest(ApiModel):
    """A question to a colleague, by subject, or to a list, by name; about words of the chart, or all of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "asked_kind": "colleague",
                    "asked": "bob",
                    "span": {"document_id": "DiagnosticReport/dr-1#0", "version": 1, "start": 12, "end": 40},
                    "body": "Is this the principal diagnosis, or integral to the pneumonia?",
                }
            ]
        }
    )

    asked_kind: AskedKind
    asked: Asked
    span: Span | None = None
    body: Note


class PostRequest(ApiModel):
    """An answer, or a word more."""

    body: Note


class PostView(ApiModel):
    """What somebody wrote; never changed."""

    author: str
    body: str
    posted_at: datetime


class ThreadView(ApiModel):
    """A thread. `quote` are the words that it is about, as the chart version had them."""

    thread_id: UUID
    chart_id: UUID
    chart_version: int
    span: Span | None
    quote: str | None
    asked_kind: AskedKind
    asked: str
    opened_by: str
    opened_at: datetime
    state: ThreadState
    closed_at: datetime | None
    posts: tuple[PostView, ...]


class ThreadsPage(Page):
    """A page of threads with all that was written in them."""

    threads: tuple[ThreadView, ...]
