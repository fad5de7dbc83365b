"""The engine that running services use: diagnoses as they are, then the services that go with them."""

from collections.abc import Sequence

from services.coder.engine.model import (
    Assertion,
    Chart,
    CodeSystem,
    Document,
    EngineVersion,
    Evidence,
    Suggestion,
    Suggestions,
)
from services.coder.engine.services.whole import WholeEngine

VERSION = EngineVersion("1", "2026", "0" * 64)
NOTE = Document("note", 1, "Follow-up. Assessment: Hypertension. Plan: continue lisinopril 10 mg.")
HYPERTENSION = Suggestion(
    CodeSystem.ICD10CM, "I10", "", 0.9, True, Assertion.PRESENT, (Evidence.of(NOTE, 23, 35),), why="named"
)


class FixedEngine:
    """Suggests hypertension, whatever the chart says."""

    version = VERSION

    def suggest(self, chart: Chart, *, exhaustive: bool = False) -> Suggestions:
        return Suggestions(VERSION, (HYPERTENSION,))

    def assess(self, text: str, spans: Sequence[tuple[int, int]]) -> list[Assertion]:
        return [Assertion.ABSENT for _ in spans]


def test_services_follow_the_diagnoses_that_justify_them() -> None:
    engine = WholeEngine(FixedEngine())

    answer = engine.suggest(Chart((NOTE,), encounter_class="AMB"))

    assert answer.version == engine.version == VERSION
    assert answer.suggestions[0] == HYPERTENSION
    assert [(each.code, each.justified_by) for each in answer.suggestions[1:]] == [("99213", ("I10",))]


def test_assertions_are_those_of_the_engine_within() -> None:
    assert WholeEngine(FixedEngine()).assess("no pain", [(3, 7)]) == [Assertion.ABSENT]
