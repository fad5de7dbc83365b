"""The composer's form: rows keep their numbers, what is ticked becomes the query, findings point to their field."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.coder.queries.linter import lint
from services.coder.queries.model import Option, QueryContent
from services.coder.workbench.composition import Composition, OptionRow, compose, read_composition
from shared.contracts.errors import InvalidContent
from tests.builders.queries import cite, query, record_of


def to_form(composition: Composition, *, uncited: tuple[int, ...] = ()) -> dict[str, str]:
    """What a browser would send."""
    fields = {name: str(getattr(composition, name)) for name in ("template", "form", "purpose", "title", "question")}
    for each in composition.candidates:
        fields[f"indicator-{each.number}"] = each.packed
        if each.cited and each.number not in uncited:
            fields[f"cite-{each.number}"] = "on"
    for number, row in enumerate(composition.shown_rows, 1):
        fields |= {f"option-{number}": row.text, f"support-{number}": row.support}
    return fields


def test_a_query_goes_through_the_form_unchanged() -> None:
    assert read_composition(to_form(compose(query()))).to_content() == query()


_TEXTS = st.text(alphabet="abc ,?", min_size=1, max_size=12).map(str.strip).filter(bool)


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(_TEXTS, max_size=6), numbers=st.lists(st.integers(1, 2), max_size=2))
def test_any_answers_go_through_the_form_unchanged(texts: list[str], numbers: list[int]) -> None:
    content = query(options=tuple(Option(text=text, supported_by=tuple(numbers)) for text in texts))
    assert read_composition(to_form(compose(content))).to_content() == content


def test_an_indicator_that_is_not_ticked_supports_nothing_and_the_others_are_numbered_anew() -> None:
    form = to_form(compose(query()), uncited=(1,))
    content = read_composition(form).to_content()
    assert [each.statement for each in content.indicators] == ["antibiotics for pneumonia"]
    assert content.options[0].supported_by == (1,)
    form = to_form(compose(query()), uncited=(2,))
    composition = read_composition(form)
    assert composition.to_content().options[0].supported_by == (0,)
    (shown,) = composition.locate(lint(composition.to_content(), record_of()))
    assert (shown.finding.rule, shown.anchor) == ("options-supported", "option-1")


def test_findings_point_to_the_row_whatever_is_empty_or_unticked_before_it() -> None:
    composition = compose(query(indicators=(cite("antibiotics for pneumonia"), cite("cough syrup", source=""))))
    form = to_form(composition, uncited=(1,)) | {"option-1": "", "option-4": "", "option-5": "Aspiration pneumonia"}
    read = read_composition(form)
    anchors = {shown.finding.rule: shown.anchor for shown in read.locate(lint(read.to_content(), record_of()))}
    assert anchors["indicators-cited"] == "cite-2"
    assert anchors["options-supported"] == "option-5"


def test_what_has_no_date_is_not_ticked_until_it_is_given_one() -> None:
    composition = compose(query(form="open", options=(), indicators=(cite("antibiotics for pneumonia", dated=None),)))
    assert composition.to_content().indicators == ()
    form = to_form(composition) | {"cite-1": "on", "dated-1": "2026-09-01"}
    (indicator,) = read_composition(form).to_content().indicators
    assert indicator.dated == date(2026, 9, 1)


@pytest.mark.parametrize("change", [{"indicator-1": "{}"}, {"indicator-1": "x"}, {"dated-1": "yesterday"}])
def test_hidden_parts_that_were_changed_are_refused(change: dict[str, str]) -> None:
    with pytest.raises(InvalidContent):
        read_composition(to_form(compose(query())) | change)


@pytest.mark.parametrize("change", [{"form": "song"}, {"purpose": "money"}, {"title": "x" * 501}])
def test_a_field_that_no_query_has_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(InvalidContent):
        read_composition(to_form(compose(query())) | change).to_content()


def test_there_are_always_rows_to_fill_in() -> None:
    empty = QueryContent(title="", question="")
    assert compose(empty).shown_rows == (OptionRow(), OptionRow())
