"""Terms from the official index files, on made-up files in the official schema."""

from pathlib import Path

import pytest

from services.coder.engine.index import load_index
from services.coder.engine.model import Assertion, Chart, Document, Suggestion
from services.coder.engine.official_index import find_index_files, follow, join_path, read_official_index
from services.coder.engine.page import Page
from services.coder.engine.pipeline import RuleEngine, build_engine
from services.coder.engine.recognise import Recogniser
from shared.codesets.entry import FileRefused

INDEX = """<ICD10CM.index><version>2026</version><title>ICD-10-CM INDEX TO DISEASES and INJURIES</title><letter>
<mainTerm><title>Zebra, zebroid</title><seeAlso>condition</seeAlso>
  <term level="1"><title>acute</title><code>R10.0</code></term>
  <term level="1"><title>lung<nemod>(striped) (spotted)</nemod></title><code>J84.10</code>
    <term level="2"><title>with fever</title><code>J18.9</code></term>
    <term level="2"><title>specified NEC</title><code>J84.89</code></term></term></mainTerm>
<mainTerm><title>Quagga</title><see>Zebra, lung</see></mainTerm>
<mainTerm><title>Okapi</title><see>Giraffe</see></mainTerm>
<mainTerm><title>Knee gnu</title><code>M25.56-</code></mainTerm>
<mainTerm><title>Gnu syndrome</title><code>M25.5-</code></mainTerm>
<mainTerm><title>Unicorn disease</title><code>Q99.999</code></mainTerm>
<mainTerm><title>Bongo shin</title><code>A50.56</code><manif>M90.86-</manif>
  <term level="1"><title>eland</title><code>G71.19 [H28]</code></term></mainTerm>
<mainTerm><title>Nyala</title><see>Bongo shin</see></mainTerm>
<mainTerm><title>Kudu shin</title><code>A50.56</code><manif>Q99.999</manif></mainTerm>
</letter></ICD10CM.index>"""
CAUSES = """<ICD10CM.index><version>2026</version><title>ICD-10-CM EXTERNAL CAUSE of INJURIES INDEX</title><letter>
<mainTerm><title>Hooved</title><code>W55.39</code><term level="1"><title>by okapi</title><code>W55.32</code></term>
<term level="1"><title>riding okapi</title><code>Y93.52</code></term></mainTerm></letter></ICD10CM.index>"""
DRUGS = """<ICD10CM.index><version>2026</version><indexHeading><head col="1">Substance</head>
<head col="2">Poisoning Accidental (unintentional)</head><head col="6">Adverse effect</head></indexHeading><letter>
<mainTerm><title>Zebracaine</title><cell col="2">T41.3X1</cell><cell col="6">T41.3X5</cell></mainTerm>
</letter></ICD10CM.index>"""
NEOPLASMS = """<ICD10CM.index><version>2026</version><indexHeading><head col="1">Neoplasm</head>
<head col="2">Malignant Primary</head><head col="3">Malignant Secondary</head></indexHeading><letter>
<mainTerm><title>Neoplasm, neoplastic</title><cell col="2">C80.1</cell>
<term level="1"><title>mane</title><cell col="2">C44.40</cell><cell col="3">-</cell></term></mainTerm>
</letter></ICD10CM.index>"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("index")
    (path / "icd10cm_index_2026.xml").write_text(INDEX)
    (path / "icd10cm-eindex-2026.xml").write_text(CAUSES)
    (path / "icd10cm-drug-2026.xml").write_text(DRUGS)
    (path / "icd10cm-neoplasm-2026.xml").write_text(NEOPLASMS)
    return path


@pytest.fixture(scope="module")
def recogniser(folder: Path) -> Recogniser:
    return Recogniser(load_index(folder))


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("zebra lung", ["J84.10"]),
        ("striped zebra lung", ["J84.10"]),
        ("zebra lung with fever", ["J18.9"]),
        ("acute zebra", ["R10.0"]),
        ("a zebra", []),
        ("quagga", ["J84.10"]),
        ("okapi", []),
        ("knee gnu", ["M25.569"]),
        ("gnu syndrome", ["M25.50"]),
        ("unicorn disease", []),
        ("hooved by an okapi", ["W55.32"]),
        ("hooved", []),
        ("riding okapi", []),
        ("zebracaine overdose", ["T41.3X1"]),
        ("adverse effect of zebracaine", ["T41.3X5"]),
        ("cancer of the mane", ["C44.40"]),
        ("bongo shin", ["A50.56 M90.869"]),
        ("eland bongo shin", ["G71.19 H28"]),
        ("nyala", ["A50.56 M90.869"]),
        ("kudu shin", []),
    ],
)
def test_a_phrase_of_the_index_names_a_leaf_that_says_no_more(
    recogniser: Recogniser, text: str, codes: list[str]
) -> None:
    assert [match.code for match in recogniser.find(Page(f"There is {text}."))] == codes


@pytest.fixture(scope="module")
def engine(folder: Path) -> RuleEngine:
    return build_engine(folder)


def suggest(engine: RuleEngine, *lines: str) -> dict[str, Suggestion]:
    text = "ASSESSMENT:\n" + "\n".join(lines)
    return {each.code: each for each in engine.suggest(Chart((Document("d", 1, text),))).suggestions}


def test_a_pair_of_the_index_is_two_codes_from_the_same_words_the_etiology_first(engine: RuleEngine) -> None:
    found = suggest(engine, "1. Bongo shin, right.")
    assert list(found) == ["A50.56", "M90.861"]
    etiology, manifestation = found.values()
    assert (etiology.selected, manifestation.selected) == (True, True)
    assert etiology.evidence == manifestation.evidence
    assert "listed with A50.56 in the Alphabetic Index" in manifestation.why
    # The note "code first" names rickets only; the words name the underlying condition all the same.
    assert manifestation.missing == ()


def test_a_pair_goes_before_what_the_notes_would_allow(engine: RuleEngine) -> None:
    found = suggest(engine, "1. Rickets.", "2. Bongo shin, right.")
    assert set(found) == {"E55.0", "A50.56", "M90.861"}
    assert list(found).index("A50.56") < list(found).index("M90.861")
    assert "listed after" not in found["M90.861"].why


def test_a_pair_that_is_denied_is_denied_as_a_whole(engine: RuleEngine) -> None:
    found = suggest(engine, "No bongo shin.")
    assert {code: each.assertion for code, each in found.items()} == {
        "A50.56": Assertion.ABSENT,
        "M90.869": Assertion.ABSENT,
    }


def test_without_a_folder_nothing_of_it_is_known(folder: Path) -> None:
    assert Recogniser(load_index()).find(Page("There is zebra lung.")) == []


def test_the_index_is_part_of_the_engines_version(folder: Path) -> None:
    assert build_engine(folder).version != build_engine().version


def test_the_environment_names_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARTLINE_CODER__ENGINE__INDEX_FOLDER", str(folder))
    assert build_engine().version == build_engine(folder).version


def test_references_are_followed_and_a_circle_ends() -> None:
    assert follow("a", {"b": "I10"}, {"a": "x"}) is None
    assert follow("0 a", {"0 camel": "I10"}, {"0 a": "Boar", "0 boar": "Camel"}) == "I10"
    assert follow("0 ass", {}, {"0 ass": "Boar", "0 boar": "Ass"}) is None


def test_variants_of_a_word_are_one_part_of_a_path() -> None:
    assert join_path("Burn, burned, burning, hand") == ["Burn", "hand"]
    assert join_path("Reflux, with esophagitis, with bleeding") == ["Reflux", "with esophagitis", "with bleeding"]


def test_a_folder_without_index_files_and_a_file_that_breaks_off_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        find_index_files(tmp_path)
    (tmp_path / "icd10cm_index_2026.xml").write_text(INDEX[:-40])
    with pytest.raises(FileRefused):
        list(read_official_index(tmp_path))
