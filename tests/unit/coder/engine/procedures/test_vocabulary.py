"""The tables of the procedures: every row makes codes that are in force, and every gap has a question."""

from datetime import date
from itertools import product

import pytest

from services.coder.engine.procedures.phrases import Phrases, split_words
from services.coder.engine.procedures.vocabulary import ASKS, Operation, load_pairs, load_vocabulary
from services.coder.queries.templates import choose_template
from shared.codesets.icd10pcs_validity import find_invalid_procedures

OPERATIONS = list(load_vocabulary().operations.values())
DAY = date(2026, 9, 1)


def list_codes(operation: Operation) -> list[str]:
    """Every code that a row can lead to, also by values that are never told together."""
    cells = ([value for choice in cell for value in choice.values if value != ASKS] for cell in operation.choices)
    return [operation.table + "".join(values) for values in product(*cells)]


def test_every_value_of_every_row_is_part_of_a_code_in_force() -> None:
    made = {each.number: list_codes(each) for each in OPERATIONS}
    invalid = find_invalid_procedures([code for codes in made.values() for code in codes], DAY)
    for operation in OPERATIONS:
        valid = [code for code in made[operation.number] if code not in invalid]
        for axis, cell in enumerate(operation.choices, 3):
            for value in (value for choice in cell for value in choice.values if value != ASKS):
                assert any(code[axis] == value for code in valid), (operation.name, operation.table, axis + 1, value)


def test_every_inspection_is_in_force() -> None:
    assert find_invalid_procedures(load_pairs("inspections.tsv").values(), DAY) == frozenset()


def test_every_row_says_its_source() -> None:
    assert [each.name for each in OPERATIONS if not each.source] == []


@pytest.mark.parametrize("detail", sorted({*load_pairs("gaps.tsv").values(), "approach", "body part", "device"}))
def test_every_gap_has_a_question(detail: str) -> None:
    template = choose_template("0FT44ZZ", (detail,))
    assert template is not None
    assert template.template in ("procedure", "side")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("removal of the gallbladder", ["gap"]),
        ("removal of a very large gallbladder", ["gap"]),
        ("removal of a very large and inflamed gallbladder", []),
        ("gallbladder removal", ["plain"]),
        ("left leg and left arm", ["part", "side"]),
    ],
)
def test_the_longest_phrase_counts_and_a_gap_has_an_end(text: str, found: list[str]) -> None:
    phrases = Phrases(
        {"gap": ["removal of .. gallbladder"], "plain": ["gallbladder removal"], "part": ["left leg"], "side": ["left"]}
    )
    assert [each.key for each in phrases.find(split_words(text, 0, len(text)))] == found
