"""FHIR data types (Coding, Period, Attachment, ...) as small pydantic models, and times of any precision.

Place in the flow: the parts that `subset` builds resources from.
Invariant: unknown fields are ignored, nothing is written.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


class Subset(BaseModel):
    """Base: immutable, unknown fields and nulls ignored."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, content: object) -> object:
        """A null says that there is nothing: senders print it, FHIR has it in arrays, and the library lets it pass."""
        if not isinstance(content, dict):
            return content
        present = ((name, value) for name, value in content.items() if value is not None)
        return {name: _without_nulls(value) if isinstance(value, list) else value for name, value in present}


def _without_nulls(values: list[object]) -> list[object]:
    return [value for value in values if value is not None]


def _instant_of(value: object) -> object:
    """Read a FHIR dateTime of any precision: the first moment of it, in UTC where no zone is given."""
    if not isinstance(value, str):
        return value
    padded = value + "0001-01-01"[len(value) :] if len(value) < len("2026-01-01") else value
    # FHIR allows a leap second, Python does not know any.
    moment = datetime.fromisoformat(padded.replace(":60", ":59", 1) if padded[16:19] == ":60" else padded)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, BeforeValidator(_instant_of)]
"""A FHIR dateTime, instant or date as an aware datetime."""


def latest_moment_of(value: str) -> datetime:
    """Return the last second that a FHIR dateTime of any precision may mean: `2026-02` is the end of that February."""
    moment = _instant_of(value)
    assert isinstance(moment, datetime)  # noqa: S101 - a str always becomes a datetime, or raises ValueError
    if len(value) > len("2026-01-01"):
        return moment
    if len(value) == len("2026-01-01"):
        return moment + timedelta(days=1, seconds=-1)
    if value[:4] == "9999":
        return datetime.max.replace(tzinfo=UTC)
    months = 1 if len(value) == len("2026-01") else 12
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1) - timedelta(seconds=1)


class Coding(Subset):
    """A code in a code system."""

    system: str = ""
    code: str = ""
    display: str = ""


class CodeableConcept(Subset):
    """Codings of one meaning, or its text."""

    coding: tuple[Coding, ...] = ()
    text: str = ""

    def code_in(self, system: str) -> str:
        """Return the first code in `system`, or ''."""
        return next((coding.code for coding in self.coding if coding.system == system), "")

    @property
    def title(self) -> str:
        """What a reader would call it: its text, else the first display."""
        return self.text or next((coding.display for coding in self.coding if coding.display), "")


class Identifier(Subset):
    """A business identifier, such as an NPI or a medical record number."""

    use: str = ""
    system: str = ""
    value: str = ""


class Reference(Subset):
    """A reference to another resource, literal or by identifier."""

    reference: str = ""
    type: str = ""
    identifier: Identifier | None = None
    display: str = ""


class Period(Subset):
    """A time span; an open end is None. `end_text` keeps the precision that was written."""

    start: Moment | None = None
    end_text: str | None = Field(default=None, alias="end")

    @property
    def end(self) -> datetime | None:
        """The last moment of the period, None while it is open."""
        return latest_moment_of(self.end_text) if self.end_text else None


class Attachment(Subset):
    """Content in line (base64) or by address."""

    content_type: str = Field(default="", alias="contentType")
    data: str | None = None
    url: str | None = None
    title: str = ""
    creation: Moment | None = None
    size: int | None = None


class HumanName(Subset):
    """A person's name."""

    use: str = ""
    text: str = ""
    family: str = ""
    given: tuple[str, ...] = ()


class Narrative(Subset):
    """Human-readable text as XHTML."""

    status: str = ""
    div: str = ""


class Meta(Subset):
    """Version and tags of a resource."""

    version_id: str | None = Field(default=None, alias="versionId")
    last_updated: str | None = Field(default=None, alias="lastUpdated")
    profile: tuple[str, ...] = ()
    tag: tuple[Coding, ...] = ()
    security: tuple[Coding, ...] = ()


def codes_in(concepts: Iterable[CodeableConcept], system: str) -> tuple[str, ...]:
    """Return every code of `concepts` in `system`, in order."""
    return tuple(coding.code for concept in concepts for coding in concept.coding if coding.system == system)
