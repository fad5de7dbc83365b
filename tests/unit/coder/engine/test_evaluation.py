"""The arithmetic of evaluation, on notes small enough to count by hand."""

import pytest

from services.coder.engine.evaluation import (
    CUTS,
    GoldCode,
    Note,
    Proposed,
    Score,
    count_false_alarms,
    count_misses,
    evaluate,
    measure_calibration,
    score_accepted,
    score_chapters,
    score_note,
)
from shared.codesets.icd10cm import load_icd10cm


def proposed(code: str, confidence: float = 0.9, *, selected: bool = True) -> Proposed:
    return Proposed(code, confidence, selected, "words")


NOTE = Note(
    "1",
    (GoldCode("E119"), GoldCode("S42201A"), GoldCode("I10")),
    (proposed("E119"), proposed("S42201D"), proposed("I10", selected=False), proposed("J189")),
)


@pytest.mark.parametrize(
    ("cut", "score"),
    [("exact", Score(1, 2, 2)), ("no-7th", Score(2, 1, 1)), ("3-char", Score(2, 1, 1))],
)
def test_counts_in_each_cut(cut: str, score: Score) -> None:
    assert score_note(NOTE, CUTS[cut]) == score


def test_precision_recall_and_f1() -> None:
    score = Score(3, 1, 2)
    assert (score.precision, score.recall) == (0.75, 0.6)
    assert score.f1 == pytest.approx(2 * 0.75 * 0.6 / 1.35)
    assert Score(0, 0, 0).f1 == 0


def test_any_accepted_prefix_meets_a_gold_code() -> None:
    note = Note("1", (GoldCode("R059", ("R05",)), GoldCode("J189")), (proposed("R053"), proposed("J20")))
    assert score_accepted(note) == Score(1, 1, 1)


def test_chapters_are_counted_apart_and_in_order() -> None:
    chapters = dict(score_chapters([NOTE], load_icd10cm()))
    assert list(chapters) == ["4", "9", "10", "19"]
    assert chapters["19"] == Score(0, 1, 1)


def test_calibration_is_the_gap_between_confidence_and_truth() -> None:
    notes = [Note("1", (GoldCode("A"),), (proposed("A", 0.75), proposed("B", 0.75)))]
    assert measure_calibration(notes) == pytest.approx(0.25)
    assert measure_calibration([]) == 0


def test_lists_the_commonest_errors() -> None:
    assert count_false_alarms([NOTE]) == [("J189", 1, "words"), ("S42201D", 1, "words")]
    assert count_misses([NOTE]) == [("I10", 1), ("S42201A", 1)]


def test_evaluates_all_at_once() -> None:
    result = evaluate([NOTE], load_icd10cm())
    assert list(result.cuts) == ["exact", "no-7th", "3-char"]
    assert result.codes_per_note == 3
