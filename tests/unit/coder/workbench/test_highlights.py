"""Cutting a text at its evidence loses no character and lights each for the right cards."""

from hypothesis import given
from hypothesis import strategies as st

from services.coder.workbench.highlights import Segment, Span, split_parts, split_text

TEXTS = st.text(max_size=40)
SPANS = st.lists(st.builds(Span, st.integers(-2, 45), st.integers(-2, 45), st.integers(1, 4)), max_size=8)


@given(TEXTS, SPANS)
def test_every_character_is_lit_for_the_cards_whose_spans_hold_it(text: str, spans: list[Span]) -> None:
    segments = list(split_text(text, spans))
    assert "".join(segment.text for segment in segments) == text
    usable = [span for span in spans if 0 <= span.start < span.end <= len(text)]
    for segment in segments:
        for place in range(segment.start, segment.start + len(segment.text)):
            assert segment.cards == tuple(sorted({each.card for each in usable if each.start <= place < each.end}))


@given(TEXTS, SPANS)
def test_a_segment_begins_where_each_span_begins(text: str, spans: list[Span]) -> None:
    begins = {segment.start for segment in split_text(text, spans) if segment.cards}
    assert {span.start for span in spans if 0 <= span.start < span.end <= len(text)} <= begins


def test_two_spans_of_one_card_that_overlap_stay_lit_to_the_end() -> None:
    segments = list(split_text("abcdef", [Span(0, 3, 1), Span(1, 5, 1)]))
    assert [segment for segment in segments if not segment.cards] == [Segment(5, "f", ())]


@given(st.integers(0, 400), st.integers(1, 200), st.integers(0, 20_000))
def test_a_long_text_comes_in_parts_of_whole_lines(lines: int, width: int, start: int) -> None:
    text = ("x" * width + "\n") * lines
    parts = split_parts(text, [Span(start, start + 50, 1)])
    assert "".join(segment.text for part in parts for segment in part) == text
    assert all(part[-1].text.endswith("\n") for part in parts[:-1])
    assert all(sum(len(each.text) for each in part) <= 3000 + width + 1 for part in parts)
