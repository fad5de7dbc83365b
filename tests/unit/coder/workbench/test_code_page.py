"""A place in the Tabular List: what is above and below, and which notes hold."""

import pytest

from services.coder.workbench.code_page import arrange_code
from shared.codesets.icd10cm import load_icd10cm
from shared.contracts.errors import NotFound

CODE_SET = load_icd10cm()


def test_a_category_shows_the_way_down_and_the_way_up() -> None:
    page = arrange_code(CODE_SET, "E11")
    assert [place.code for place in page.above] == ["4", "E08-E13"]
    assert "E11.6" in [place.code for place in page.below]
    assert not page.place.is_billable


def test_a_code_holds_the_notes_of_everything_above_but_for_synonyms() -> None:
    notes = {(note.name, note.at) for note in arrange_code(CODE_SET, "J18.9").notes}
    assert ("Excludes1", "J18") in notes
    assert not [at for name, at in notes if name == "Inclusion terms" and at != "J18.9"]


def test_a_code_that_takes_a_7th_character_shows_them() -> None:
    page = arrange_code(CODE_SET, "S42.201")
    assert "S42.201A" in [place.code for place in page.sevenths]
    assert all(place.is_billable for place in page.sevenths)
    assert arrange_code(CODE_SET, "S42.201A").sevenths == []


def test_what_the_list_does_not_have_is_not_found() -> None:
    with pytest.raises(NotFound):
        arrange_code(CODE_SET, "Z99.999")
