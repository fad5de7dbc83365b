"""What the routes of an asked clinician take and give.

Place in the flow: beside `query_models`; pure. Invariant: nothing here knows a code, a group, a payer or money.
"""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from services.coder.api_models import NO_NUL, ApiModel
from services.coder.query_models import AskedOfMe

AnswerWords = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=NO_NUL)]


class QueryAnswerRequest(ApiModel):
    """A clinician's answer: the number of an option from 1 where there are options, and words."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"option": 1, "words": "Seen on the film of 1 May."}]})

    option: int | None = Field(default=None, ge=1, le=20, strict=True)
    words: AnswerWords = Field(default="", description="Needed where there are no options, and with `Other`.")


class AskedPatient(ApiModel):
    """Whom a query is about, as far as the chart says."""

    reference: str
    name: str
    number: str = Field(description="The first identifier, such as the medical record number.")
    age_years: int | None
    sex: str | None


class AskedQuery(AskedOfMe):
    """A query as its addressee reads it, with the patient and the day of the encounter; `answer` is what was said."""

    patient: AskedPatient
    encounter_on: date | None
    answer: str | None
