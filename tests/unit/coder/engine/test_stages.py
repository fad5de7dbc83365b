"""Detail and sides, terms and their defaults, lexicon rows and conditions, the ranker's arithmetic."""

import pytest

from services.coder.engine.features import log_odds
from services.coder.engine.lexicon import LexiconError, load_lexicon, parse_lexicon
from services.coder.engine.lexicon.conditions import Condition, parse_condition
from services.coder.engine.neoplasms import compose_neoplasms
from services.coder.engine.page import Page
from services.coder.engine.ranker import Weights, load_weights
from services.coder.engine.sections import SectionKind
from services.coder.engine.specificity import find_context, find_side, find_sited_sides, load_specifier
from services.coder.engine.terms import abbreviate, default_code, vary
from services.coder.engine.tokens import canonical
from services.coder.engine.training import Example, fit, train
from shared.codesets.icd10cm import load_icd10cm

CODES = load_icd10cm()
SPECIFIER = load_specifier(CODES)


@pytest.mark.parametrize(
    ("node", "leaf"),
    [
        ("E11", "E11.9"),
        ("N18", "N18.9"),
        ("J45", "J45.909"),
        ("G43", "G43.909"),
        ("N40", "N40.0"),
        ("D49", "D49.9"),
        ("M79", "M79.9"),
        ("T14", "T14"),
        ("I10", "I10"),
    ],
)
def test_the_default_of_a_category_says_no_more_than_it(node: str, leaf: str) -> None:
    assert default_code(CODES, node) == leaf


def test_a_title_is_said_in_several_ways() -> None:
    said = {text for text, _ in vary("Migraine, unspecified, not intractable, without status migrainosus")}
    assert "Migraine" in said
    assert ("Malignant neoplasm of kidney", 4) not in set(vary("Malignant neoplasm of kidney"))
    assert "cancer of kidney" in {text for text, _ in vary("Malignant neoplasm of kidney")}
    assert "Fracture of proximal humerus" not in {text for text, _ in vary("Fracture of shaft of humerus")}
    assert "Fracture of proximal humerus" in {text for text, _ in vary("Fracture of upper end of humerus")}


def test_an_abbreviation_stands_for_the_words_whose_initials_it_has() -> None:
    assert abbreviate("Elevated prostate specific antigen [PSA]") == "Elevated PSA"
    assert abbreviate("Nontoxic goiter [XYZ]") == "Nontoxic goiter [XYZ]"


@pytest.mark.parametrize(
    ("code", "context", "refined", "missing"),
    [
        ("M25.569", "pain in the left knee", "M25.562", ()),
        ("M25.569", "knee pain, left then right", "M25.569", ("laterality",)),
        ("M25.561", "left", "M25.561", ()),
        ("S42.201", "fracture of the right humerus", "S42.201A", ()),
        ("S42.201", "follow-up of the humerus fracture", "S42.201D", ()),
        ("S42.201", "late effects of humerus fracture", "S42.201S", ()),
        ("W19", "fell", "W19.XXXA", ()),
    ],
)
def test_refines_by_the_words_of_the_sentence(code: str, context: str, refined: str, missing: tuple[str, ...]) -> None:
    specific = SPECIFIER.refine(code, lambda: context)
    assert (specific.code, specific.missing) == (refined, missing)


@pytest.mark.parametrize(
    ("code", "sides", "codes"),
    [
        ("M77.00", {"right"}, ("M77.01",)),
        ("M77.00", {"bilateral"}, ("M77.01", "M77.02")),
        ("M17.9", {"left"}, ("M17.9",)),
        ("S42.209A", {"left"}, ("S42.202A",)),
        ("M77.00", set(), ("M77.00",)),
    ],
)
def test_takes_sides(code: str, sides: set[str], codes: tuple[str, ...]) -> None:
    assert SPECIFIER.take_sides(code, sides) == codes


def test_finds_the_side_and_what_it_is_the_side_of() -> None:
    assert [find_side(t) for t in ("right", "both knees", "left or right", "neither")] == [
        "right",
        "bilateral",
        None,
        None,
    ]
    assert find_sited_sides(Page("her right distal radius"))[canonical("radius")] == {"right"}


def test_the_context_is_the_sentence() -> None:
    text = "One. Two words here. Three."
    assert find_context(text, 9, 14) == " Two words here"


def test_reads_a_lexicon_row() -> None:
    entry = parse_lexicon("x.tsv", "code\tterms\twhen\n# note\nG35.D\tmultiple sclerosis|=MS\tword:gait,lesions\n")[0]
    assert (entry.code, entry.terms, entry.origin) == ("G35.D", ("multiple sclerosis", "=MS"), "x.tsv:3")
    assert entry.when is not None
    assert entry.when.tells


@pytest.mark.parametrize(
    "row", ["G35", "\tterm", "G35\t", "G35\tms\tcolour:blue", "G35\tms\tsection:attic", "a\tb\tc\td"]
)
def test_a_wrong_row_is_refused_with_its_place(row: str) -> None:
    with pytest.raises(LexiconError, match=r"x\.tsv:1"):
        parse_lexicon("x.tsv", row)


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("word:gait,lesion", True),
        ("word:gait not:chest", False),
        ("section:impression", True),
        ("section:plan", False),
        ("sex:female age<50", True),
        ("age>=50", False),
        ("age>48", True),
        ("sex:male", False),
    ],
)
def test_a_condition_holds_or_not(when: str, holds: bool) -> None:
    condition = parse_condition(when, "x")
    assert condition.holds(frozenset({"gait", "chest"}), SectionKind.IMPRESSION, "female", 49) is holds


def test_an_unknown_fact_satisfies_nothing() -> None:
    for when in ("sex:female", "age<50", "age>1"):
        assert not parse_condition(when, "x").holds(frozenset(), SectionKind.OTHER, None, None)
    assert Condition().holds(frozenset(), SectionKind.OTHER, None, None)


def test_every_lexicon_code_is_in_the_release() -> None:
    assert [entry.origin for entry in load_lexicon() if entry.code not in CODES] == []


def test_every_neoplasm_code_is_in_the_release() -> None:
    assert [code for code, _, _ in compose_neoplasms() if code not in CODES] == []


def test_the_weights_can_be_read_and_name_their_source() -> None:
    weights = load_weights()
    assert weights.features["bias"] != 0
    assert weights.score(["mentions=3"], (0, 0)) > weights.score(["mentions=1"], (0, 0))
    with pytest.raises(KeyError):
        Weights.parse(b"{}")


def test_log_odds_grow_with_evidence_and_start_at_nothing() -> None:
    assert log_odds(0, 0, 0.5) == 0
    assert 0 < log_odds(3, 3, 0.5) < log_odds(30, 30, 0.5)


def test_training_finds_what_tells_right_from_wrong() -> None:
    rows = [({"good": 1.0, "bias": 1.0}, True)] * 20 + [({"bad": 1.0, "bias": 1.0}, False)] * 20
    weights = fit(rows)
    assert weights["good"] > 0.5 > -0.5 > weights["bad"]
    examples = [Example("E11.9", "diabet>E11.9", ("good",), right=True)] * 3
    assert train(examples)["codes"] == {"E11.9": [3, 3]}


@pytest.mark.parametrize("text", ["R\u0130GHT elbow. Medial epicondylitis", "b\u0130lateral knees; gout"])
def test_a_letter_that_only_resembles_one_of_a_side_names_none(text: str) -> None:
    assert find_sited_sides(Page(text)) == {}
