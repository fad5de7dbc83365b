"""The engine of a running service: diagnoses of the rule engine, with the procedures and services of the encounter.

Place in the flow: engine processes build it; pure. Invariant: diagnoses are exactly those of the engine within, and
come first; a service never changes them.
"""

from collections.abc import Sequence
from dataclasses import replace

from services.coder.engine import build_engine
from services.coder.engine.model import Assertion, Chart, Engine, Suggestions
from services.coder.engine.procedures import suggest_inpatient_procedures
from services.coder.engine.services import suggest_services


class WholeEngine:
    """An engine for diagnoses, completed by services; implements `model.Engine`."""

    def __init__(self, diagnoses: Engine) -> None:
        self._diagnoses = diagnoses
        self.version = diagnoses.version

    def suggest(self, chart: Chart, *, exhaustive: bool = False) -> Suggestions:
        """Suggest diagnoses, then the procedures of a stay, then the services that the diagnoses justify."""
        answer = self._diagnoses.suggest(chart, exhaustive=exhaustive)
        procedures = suggest_inpatient_procedures(chart, self._diagnoses.assess)
        services = suggest_services(chart, answer.suggestions)
        return replace(answer, suggestions=(*answer.suggestions, *procedures, *services))

    def assess(self, text: str, spans: Sequence[tuple[int, int]]) -> list[Assertion]:
        """Tell the assertion of each span of `text`."""
        return self._diagnoses.assess(text, spans)


def build_whole_engine() -> WholeEngine:
    """Build the rule engine and complete it."""
    return WholeEngine(build_engine())
