"""A physician query as it is written: title, question, clinical indicators with their source, answers to choose from.

Place in the flow: the composer and the API fill it, `linter` reads it, `store` keeps it, `exchange` sends it; pure.
Invariant: what was sent is what was linted: one frozen value, stored whole.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from shared.days import IsoDay

_NO_NUL = r"^[^\x00]*$"  # PostgreSQL's text cannot hold it
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=_NO_NUL)]
LongWords = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=_NO_NUL)]
PractitionerReference = Annotated[str, StringConstraints(pattern=r"^Practitioner/[A-Za-z0-9\-.]{1,64}$")]

OTHER = "Other (please specify)"
UNDETERMINED = "Unable to determine"
YES_NO = ("Yes", "No", OTHER, UNDETERMINED)


class Form(StrEnum):
    """How the question can be answered."""

    OPEN = "open"
    CHOICE = "choice"
    YES_NO = "yes-no"


class Purpose(StrEnum):
    """What the question is about; the last three are the only ones that may be asked for a yes or no."""

    SPECIFICITY = "specificity"
    SIGNIFICANCE = "significance"
    CONFLICT = "conflict"
    ON_ADMISSION = "on-admission"
    DOCUMENTED_DIAGNOSIS = "documented-diagnosis"
    CAUSE_AND_EFFECT = "cause-and-effect"


class QueryModel(BaseModel):
    """Base of a query's parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Indicator(QueryModel):
    """A fact of this patient, in the chart's own words, with its source and date.

    `source` is a document of the chart, then `statement` is its `text[start:end]`; or the reference of a result, then
    `statement` is what the chart says of it. One of an earlier encounter is labelled, with its relevance now.
    """

    statement: LongWords = Field(examples=["Crackles over the lower right lung"])
    source: Words = Field(default="", examples=["DiagnosticReport/dr-1#0"])
    version: int | None = Field(default=None, strict=True)
    start: int | None = Field(default=None, ge=0, strict=True)
    end: int | None = Field(default=None, ge=0, strict=True)
    dated: IsoDay | None = None
    encounter: Literal["this", "earlier"] = "this"
    relevance: Words = Field(default="", description="Why a finding of an earlier encounter matters to this one.")


class Option(QueryModel):
    """An answer to choose. `supported_by` numbers the indicators that support it, from 1."""

    text: Words
    supported_by: tuple[StrictInt, ...] = Field(default=(), max_length=50)


class QueryContent(QueryModel):
    """A query, whole."""

    template: Words = ""
    form: Form = Form.OPEN
    purpose: Purpose = Purpose.SPECIFICITY
    title: Words = Field(examples=["Clarification of pneumonia"])
    question: LongWords
    indicators: tuple[Indicator, ...] = Field(default=(), max_length=50)
    options: tuple[Option, ...] = Field(default=(), max_length=20)
