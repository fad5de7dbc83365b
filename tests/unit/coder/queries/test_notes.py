"""A note among coders may speak about clinicians, and never to them."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.coder.queries.notes import NoteAsksClinician, require_note

NAMES = ("Welby", "O'Hara")
ALLOWED = [
    "Is this the principal diagnosis, or integral to the pneumonia?",
    "The physician documented HFpEF; would you take I50.30?",
    "I would ask the attending by a query. Do you agree?",
    "Dr. Welby calls it chronic in the second note.",
    "Welby writes acute, the resident writes chronic: conflicting, so a query?",
    "Can you look at the side of the fracture, please?",
    "Please look at the operative note and tell me the approach.",
    "Guideline II.H: code it as if it existed.",
]
REFUSED = [
    "Dr. Welby, was this present on admission?",
    "Dear doctor, which type of heart failure is it?",
    "Hi Dr Welby - is it acute?",
    "Welby, is it acute?",
    "@Welby acute or chronic?",
    "O'Hara: which side?",
    "Physician: clarify the stage.",
    "Looked at it.\nAttending, is it acute?",
    "Question for the surgeon: which approach?",
    "Note to the attending: the type is missing.",
    "Please document the type.",
    "Could you please addend the summary?",
    "Would you add an addendum?",
    "Did you mean sepsis?",
    "What is your clinical judgement?",
    "Was your patient septic?",
    "To Practitioner/dr-1",
]


@pytest.mark.parametrize("text", ALLOWED)
def test_a_note_to_a_colleague_is_kept(text: str) -> None:
    require_note(text, NAMES)


@pytest.mark.parametrize("text", REFUSED)
def test_what_asks_a_clinician_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(NoteAsksClinician, match="query") as refused:
        require_note(text, NAMES)
    assert text not in refused.value.message
    assert refused.value.expression == "body"


@settings(max_examples=50, deadline=None)
@given(before=st.sampled_from(ALLOWED), question=st.sampled_from(REFUSED))
def test_an_innocent_sentence_before_it_hides_nothing(before: str, question: str) -> None:
    with pytest.raises(NoteAsksClinician):
        require_note(f"{before}\n{question}", NAMES)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=80), st.lists(st.text(max_size=8), max_size=3))
def test_any_names_and_any_text_can_be_read(text: str, names: list[str]) -> None:
    with contextlib.suppress(NoteAsksClinician):
        require_note(text, names)
