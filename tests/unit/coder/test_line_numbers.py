"""A line keeps its number through all codings of its chart, and a number never means another line."""

import json

from hypothesis import given
from hypothesis import strategies as st

from services.coder.line_numbers import LineKey, number_lines, read_lines
from tests.builders import claim

VISIT, LAB, IMAGE = LineKey("99213"), LineKey("80053"), LineKey("71046")
keys = st.builds(
    LineKey, st.sampled_from(["99213", "80053", "71046", "A4550"]), st.sampled_from([(), ("25",), ("59",)])
)
codings = st.lists(st.lists(keys, max_size=5, unique=True), min_size=1, max_size=5)


def test_a_first_coding_counts_from_one() -> None:
    assert number_lines([VISIT, LAB], ()) == [1, 2]


def test_lines_keep_their_numbers_wherever_they_stand_and_new_ones_get_new_numbers() -> None:
    earlier = [(1, VISIT), (2, LAB)]
    assert number_lines([IMAGE, LAB, VISIT], earlier) == [3, 2, 1]


def test_the_number_of_a_line_that_is_gone_is_not_given_again_but_to_that_line() -> None:
    earlier = [(1, VISIT), (1, VISIT), (2, LAB)]
    assert number_lines([VISIT, IMAGE], earlier) == [1, 3]
    assert number_lines([LAB], earlier) == [2]


def test_a_line_that_only_gets_a_modifier_is_the_same_line() -> None:
    assert number_lines([LineKey("99213", ("25",))], [(4, VISIT)]) == [4]


def test_of_two_lines_of_a_code_the_modifiers_decide() -> None:
    earlier = [(1, VISIT), (2, LineKey("99213", ("25",)))]
    assert number_lines([LineKey("99213", ("25",)), VISIT], earlier) == [2, 1]


def test_lines_are_read_from_final_claims() -> None:
    body = claim(services=("99213", "80053"))
    body["item"][1]["modifier"] = [{"coding": [{"code": "90"}]}]
    assert read_lines([json.dumps(body), "{}"]) == [(1, VISIT), (2, LineKey("80053", ("90",)))]


@given(codings)
def test_through_any_codings_a_number_means_one_code(chart: list[list[LineKey]]) -> None:
    earlier: list[tuple[int, LineKey]] = []
    for lines in chart:
        numbers = number_lines(lines, earlier)
        assert len(set(numbers)) == len(lines)
        earlier = [*zip(numbers, lines, strict=True), *earlier]
    assert len({(number, key.code) for number, key in earlier}) == len({number for number, _ in earlier})
