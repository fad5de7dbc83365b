"""What `chartline recompute` says of two answers, and how it ends."""

from dataclasses import replace
from uuid import uuid4

import pytest
import typer
from typer.testing import CliRunner

from services.coder import recompute_command
from services.coder.engine.model import EngineVersion, Indicator, Suggestion, Suggestions
from services.coder.recompute_command import find_differences, recompute
from services.coder.service.recomputing import OtherEngine, Recomputation
from tests.builders.charts import suggestion

PNEUMONIA, COUGH = suggestion("J18.9"), suggestion("R05.9", "cough")


def answer(*found: Suggestion) -> Suggestions:
    return Suggestions(EngineVersion("1", "2026", "x"), found)


@pytest.mark.parametrize(
    ("computed", "differences"),
    [
        (answer(PNEUMONIA, COUGH), []),
        (answer(PNEUMONIA), ["R05.9: stored, and not computed"]),
        (answer(PNEUMONIA, COUGH, suggestion("I10")), ["I10: computed, and not stored"]),
        (answer(COUGH, PNEUMONIA), ["the order differs"]),
        (answer(PNEUMONIA._replace(confidence=0.1, selected=False), COUGH), ["J18.9: differs in confidence, selected"]),
        (
            replace(answer(PNEUMONIA, COUGH), indicators=(Indicator("Observation/1", "low", ()),)),
            ["the indicators differ"],
        ),
    ],
)
def test_each_difference_is_named(computed: Suggestions, differences: list[str]) -> None:
    assert list(find_differences(answer(PNEUMONIA, COUGH), computed)) == differences


@pytest.mark.parametrize(
    ("outcome", "exit_code", "says"),
    [
        (Recomputation(answer(COUGH), answer(COUGH)), 0, "reproduced exactly: 1 suggestions"),
        (Recomputation(answer(COUGH), answer()), 1, "R05.9: stored, and not computed"),
        (OtherEngine("another engine made this run"), 2, "cannot be computed again: another engine"),
    ],
)
def test_the_exit_code_tells_the_outcome(
    monkeypatch: pytest.MonkeyPatch, outcome: Recomputation | OtherEngine, exit_code: int, says: str
) -> None:
    async def give(*_: object) -> Recomputation:
        if isinstance(outcome, OtherEngine):
            raise outcome
        return outcome

    monkeypatch.setattr(recompute_command, "_recompute", give)
    monkeypatch.setattr(recompute_command, "load_engine", lambda _: None)
    app = typer.Typer()
    app.command()(recompute)
    result = CliRunner().invoke(app, [str(uuid4())])
    assert result.exit_code == exit_code
    assert says in result.output
