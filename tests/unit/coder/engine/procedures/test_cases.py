"""Hand-written operative texts and the ICD-10-PCS codes that follow, each with its guideline."""

import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.coder.engine.assertion import Assessor
from services.coder.engine.given import GivenFact, GivenKind
from services.coder.engine.model import Assertion, Chart, Document, Setting, Suggestion
from services.coder.engine.procedure_tables import ProcedureTables, TableRow
from services.coder.engine.procedures import suggest_inpatient_procedures
from services.coder.engine.procedures.vocabulary import load_pairs
from services.coder.engine.sections import split_sections
from shared.codesets.icd10pcs_validity import find_invalid_procedures
from shared.fhir import systems

DAY = date(2026, 9, 1)
Case = dict[str, Any]
"""One table of a cases*.toml; its values differ by name."""
CASES: list[Case] = [
    case
    for path in sorted(Path(__file__).parent.glob("cases*.toml"))
    for case in tomllib.loads(path.read_text("utf-8"))["case"]
]
_ASSESSOR = Assessor()


def assess(text: str, spans: Sequence[tuple[int, int]]) -> list[Assertion]:
    return _ASSESSOR.assess(text, spans, split_sections(text))


def build_chart(case: Case, setting: Setting = Setting.INPATIENT, tables: ProcedureTables | None = None) -> Chart:
    text = case.get("text")
    return Chart(
        documents=(Document("note", 1, text, case.get("title", "Note")),) if text else (),
        setting=setting,
        service_date=DAY,
        given=tuple(build_given(number, each) for number, each in enumerate(case.get("given", ()))),
        procedure_tables=tables,
    )


def build_given(number: int, written: Case) -> GivenFact:
    code = written.get("code")
    return GivenFact(
        GivenKind.PROCEDURE,
        f"Procedure/{number}",
        written["title"],
        ((systems.ICD10PCS, code),) if code else (),
        minutes=written.get("minutes"),
        body_site=written.get("site", ""),
    )


def suggest(case: Case, tables: ProcedureTables | None = None) -> list[Suggestion]:
    return suggest_inpatient_procedures(build_chart(case, tables=tables), assess)


def show(suggestion: Suggestion) -> str:
    return ("" if suggestion.selected else "?") + suggestion.code


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: Case) -> None:
    suggestions = suggest(case)

    assert [show(each) for each in suggestions] == case["codes"], [each.why for each in suggestions]
    assert list(suggestions[0].missing if suggestions else ()) == case.get("missing", [])
    assert find_invalid_procedures([each.code for each in suggestions], DAY) == frozenset()
    for each in suggestions:
        assert each.evidence or each.facts
        assert case["source"]


def test_there_are_enough_cases_and_each_is_of_its_own() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 120


def test_every_root_operation_of_surgery_has_a_case_and_so_have_other_sections() -> None:
    codes = {code.lstrip("?") for case in CASES for code in case["codes"]}
    assert {code[2] for code in codes if code[0] == "0"} == load_pairs("root_operations.tsv").keys()
    assert {code[0] for code in codes} >= set("012345B")


def test_outpatients_have_no_procedure_codes_of_inpatients() -> None:
    chart = build_chart({"text": "Laparoscopic cholecystectomy."}, Setting.OUTPATIENT)
    assert suggest_inpatient_procedures(chart, assess) == []


def test_the_evidence_is_the_words_of_each_character() -> None:
    text = "Right total hip arthroplasty, ceramic on polyethylene, uncemented."
    (found,) = suggest({"text": text})
    words = [text[each.start : each.end] for each in found.evidence]
    assert words == ["total hip arthroplasty", "Right", "ceramic on polyethylene", "uncemented"]


GALLBLADDER = {"0FT": (TableRow("4", "04", "Z", "Z"),)}


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        (GALLBLADDER, ["?0FT40ZZ", "?0FT44ZZ"]),
        ({"0FT": (TableRow("4", "4", "Z", "Z"),)}, ["0FT44ZZ"]),
        ({"0FT": (TableRow("4", "3", "Z", "Z"),)}, []),
        ({}, []),
    ],
)
def test_only_what_the_loaded_tables_make_is_proposed(rows: dict[str, tuple[TableRow, ...]], codes: list[str]) -> None:
    """The second one: where the table leaves one value, it is the value."""
    found = suggest({"text": "Cholecystectomy was performed."}, ProcedureTables("FY2026", rows))
    assert [show(each) for each in found] == codes


def test_a_code_of_a_resource_must_be_in_the_loaded_tables_too() -> None:
    tables = ProcedureTables("FY2026", GALLBLADDER)
    given = [{"title": "Resection", "code": code} for code in ("0FT44ZZ", "0FT43ZZ")]
    assert [show(each) for each in suggest({"given": given}, tables)] == ["0FT44ZZ"]


def test_a_code_that_no_table_makes_is_invalid_by_the_editor() -> None:
    assert find_invalid_procedures(["0FT44ZZ", "0FT49ZZ"], DAY) == {"0FT49ZZ"}
