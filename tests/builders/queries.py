"""Queries to clinicians about the builders' note, and a record to hold them against."""

from datetime import date
from typing import Any

from services.coder.queries.model import OTHER, UNDETERMINED, Form, Indicator, Option, Purpose, QueryContent
from services.coder.queries.record import ChartRecord, RecordDocument, RecordResult
from tests.builders.charts import NOTE

DAY = date(2026, 9, 1)
DOCUMENT = "DiagnosticReport/dr-1#0"
POTASSIUM = RecordResult("Observation/k", "Potassium 2.9 mmol/L is low (reference range 3.5-5.1)", DAY, ("E87.6",))


def record_of(text: str = NOTE, *, begins: date = DAY) -> ChartRecord:
    """A record of one document."""
    return ChartRecord((RecordDocument(DOCUMENT, 1, "Progress note", DAY, text),), (POTASSIUM,), begins)


def cite(words: str, text: str = NOTE, **more: Any) -> Indicator:
    """An indicator that quotes the first place of `words`."""
    start = text.index(words)
    place = {"start": start, "end": start + len(words), "source": DOCUMENT, "version": 1, "dated": DAY}
    return Indicator(statement=words, **{**place, **more})


# `more: Any`: the fields of a query differ by type, and tests replace any of them.
def query(**more: Any) -> QueryContent:
    """A query that keeps every rule: multiple choice about a documented pneumonia."""
    fields: dict[str, Any] = {
        "form": Form.CHOICE,
        "purpose": Purpose.SPECIFICITY,
        "title": "Clarification of pneumonia",
        "question": "Can the organism be specified, in your clinical judgement?",
        "indicators": (cite("community-acquired pneumonia"), cite("antibiotics for pneumonia")),
        "options": (
            Option(text="Bacterial pneumonia, organism not identified", supported_by=(2,)),
            Option(text=OTHER),
            Option(text=UNDETERMINED),
        ),
    }
    return QueryContent(**{**fields, **more})
