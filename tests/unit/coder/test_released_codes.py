"""Services against the releases of their code systems."""

from services.coder.engine.model import CodeSystem
from services.coder.released_codes import compare_with_releases
from tests.builders.charts import answer_of, suggestion

DRUG = suggestion("J1885", system=CodeSystem.HCPCS, display="our words", missing=(), why="Given.")
DIAGNOSIS = suggestion()


def test_a_release_titles_what_it_knows_and_leaves_diagnoses_alone() -> None:
    answer = compare_with_releases(answer_of(DIAGNOSIS, DRUG), {CodeSystem.HCPCS: {"J1885": "official words"}})
    diagnosis, drug = answer.suggestions
    assert diagnosis == DIAGNOSIS
    assert (drug.display, drug.selected, drug.missing) == ("official words", True, ())


def test_what_a_release_does_not_know_on_the_day_is_an_offer_that_says_so() -> None:
    (drug,) = compare_with_releases(answer_of(DRUG), {CodeSystem.HCPCS: {}}).suggestions
    assert (drug.code, drug.selected, drug.missing) == ("J1885", False, ("a number valid on the day",))
    assert drug.why == "Given. The loaded release does not know this number on the day."


def test_a_system_of_which_nothing_is_loaded_stays_as_it_is() -> None:
    assert compare_with_releases(answer_of(DRUG), {CodeSystem.CPT: {}}) == answer_of(DRUG)
