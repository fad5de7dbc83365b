"""On either side of a first of October: what the engine proposes of a text, and whether billing takes it."""

from collections.abc import Iterator
from datetime import date

import pytest

from services.claims.edits import MedicareCodeEditor, ReferenceData, TabularBook, run_edits
from services.coder.engine import build_engine
from services.coder.engine.model import Chart, Document
from services.coder.engine.pipeline import RuleEngine
from shared.codesets.icd10cm import load_icd10cm
from tests.unit.claims.edits.subjects import Claimed, line

SCLEROSIS, PLATELETS = "ASSESSMENT:\nMultiple sclerosis.", "ASSESSMENT:\nGlanzmann thrombasthenia."
NOT_IN_FORCE, DIVIDED = "diagnosis-not-in-force", "diagnosis-not-specific"


@pytest.fixture(scope="module")
def engine() -> RuleEngine:
    return build_engine()


@pytest.fixture(scope="module")
def tables() -> Iterator[ReferenceData]:
    with MedicareCodeEditor() as editor:
        yield ReferenceData(diagnoses=TabularBook(load_icd10cm()), editor=editor)


def judge(code: str, on: date, tables: ReferenceData) -> set[str]:
    """What validity edits say of a visit with this diagnosis on this day."""
    found = run_edits(Claimed(diagnoses=(code,), lines=(line("99213"),), day=on, sent=on).under_edit(tables))
    return {finding.edit for finding in found} & {NOT_IN_FORCE, DIVIDED}


@pytest.mark.parametrize(
    ("text", "on", "proposed", "refused", "edit"),
    [
        (SCLEROSIS, date(2025, 9, 30), ["G35"], "G35.D", NOT_IN_FORCE),
        (SCLEROSIS, date(2025, 10, 1), ["G35.D"], "G35", DIVIDED),
        (SCLEROSIS, date(2026, 10, 1), ["G35.D"], "G35", DIVIDED),
        (PLATELETS, date(2026, 9, 30), ["D69.1"], "G35", DIVIDED),
        (PLATELETS, date(2026, 10, 1), [], "D69.1", NOT_IN_FORCE),
    ],
)
def test_engine_and_edits_keep_to_the_calendar(
    text: str, on: date, proposed: list[str], refused: str, edit: str, engine: RuleEngine, tables: ReferenceData
) -> None:
    answer = engine.suggest(Chart((Document("d", 1, text),), service_date=on))
    assert [suggestion.code for suggestion in answer.suggestions if suggestion.selected] == proposed
    assert all(judge(code, on, tables) == set() for code in proposed)
    assert judge(refused, on, tables) == {edit}
