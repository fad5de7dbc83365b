"""ICD-10-CM look-ups on the release that the dependency carries."""

from datetime import date

import pytest

from shared.codesets.icd10cm import NoteKind, dot_code, in_targets, load_icd10cm, read_targets

CODES = load_icd10cm()


def test_counts_the_billable_codes_of_the_official_release() -> None:
    codes = list(CODES.billable_codes())
    assert len(codes) == len(set(codes)) == 74_719


@pytest.mark.parametrize(
    ("code", "billable"),
    [
        ("I10", True),
        ("E11", False),
        ("E11.9", True),
        ("S42.201", False),
        ("S42.201A", True),
        ("S42.201Z", False),
        ("W19.XXXA", True),
        ("W19.XXA", False),
        ("S06.1X7A", True),
        ("S06.1X7D", False),
        ("A00-A09", False),
        ("9", False),
        ("", False),
    ],
)
def test_a_code_is_billable_when_it_is_complete(code: str, billable: bool) -> None:
    assert CODES.is_billable(code) is billable


@pytest.mark.parametrize(
    ("code", "on", "valid"),
    [
        ("D69.1", date(2026, 9, 30), True),
        ("D69.1", date(2026, 10, 1), False),
        ("G35.A", date(2025, 9, 30), False),
        ("G35.A", date(2025, 10, 1), True),
        ("G35.A", None, True),
        ("G35", None, False),
        ("I10", date(2031, 1, 1), True),
        ("I10", date(2014, 1, 1), False),
    ],
)
def test_the_date_of_service_decides_validity(code: str, on: date | None, valid: bool) -> None:
    assert CODES.is_valid(code, on) is valid


def test_a_seventh_character_adds_its_meaning_to_the_title() -> None:
    assert CODES.title("W19.XXXA") == "Unspecified fall, initial encounter"
    assert CODES.with_seventh("W19", "A") == "W19.XXXA"
    assert CODES.node_of("W19.XXXA") == "W19"


def test_notes_are_inherited_only_when_asked() -> None:
    assert CODES.notes("E11.65", NoteKind.EXCLUDES1) == ()
    assert "gestational diabetes (O24.4-)" in CODES.inherited_notes("E11.65", NoteKind.EXCLUDES1)


def test_ancestors_end_at_the_chapter() -> None:
    assert CODES.ancestors("S42.201A") == ("S42.201", "S42.20", "S42.2", "S42", "S40-S49", "19")
    assert CODES.leaves("E11.0") == ("E11.00", "E11.01")


def test_an_unknown_code_raises() -> None:
    with pytest.raises(KeyError):
        CODES.title("Q00.000A")


@pytest.mark.parametrize(
    ("note", "inside", "outside"),
    [
        ("gestational diabetes (O24.4-)", "O24.410", "O24.5"),
        ("ischemic heart diseases (I20-I25)", "I21.4", "I26.99"),
        ("for adults (Z68.1-Z68.45) or pediatrics (Z68.5-)", "Z68.34", "Z69.0"),
        ("abortion (O00.- to O07.-)", "O03.9", "O08.0"),
        ("COVID-19 (U07.1)", "U07.1", "U07.0"),
        ("one thing (A15.0, B20)", "B20", "B21"),
    ],
)
def test_reads_the_targets_of_a_note(note: str, inside: str, outside: str) -> None:
    targets = read_targets(note)
    assert in_targets(inside, targets)
    assert not in_targets(outside, targets)


def test_words_in_brackets_are_no_target() -> None:
    assert read_targets("diabetes (mellitus) NOS") == ()


def test_dots_a_code() -> None:
    assert [dot_code(c) for c in ("e119", "E11.9", "I10", " s42201a ")] == ["E11.9", "E11.9", "I10", "S42.201A"]
