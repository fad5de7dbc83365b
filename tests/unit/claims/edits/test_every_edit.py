"""Every edit for and against, and on the days on which it begins and ends."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.claims.edits import BILLING_EDITS, Edit, ReferenceData, is_sendable, run_edits
from tests.unit.claims.edits.cases import CASES, SOUND, STAY, X12, X12_HOSPITAL, Case
from tests.unit.claims.edits.subjects import Claimed

EDIT = {edit.id: edit for edit in BILLING_EDITS}
A_DAY = timedelta(days=1)
BEGINS = [(edit.id, edit.effective_from) for edit in BILLING_EDITS if edit.effective_from > date.min]
ENDS = [(edit.id, edit.effective_until) for edit in BILLING_EDITS if edit.effective_until < date.max]
EDGES = [
    *((edit, day + shift, applies) for edit, day in BEGINS for shift, applies in ((A_DAY * 0, True), (-A_DAY, False))),
    *((edit, day + shift, applies) for edit, day in ENDS for shift, applies in ((A_DAY * 0, True), (A_DAY, False))),
]


def places(claimed: Claimed, edit: str, tables: ReferenceData) -> list[str | None]:
    """Where the whole registry finds the edit in the claim."""
    return [finding.expression for finding in run_edits(claimed.under_edit(tables)) if finding.edit == edit]


def test_every_edit_has_its_case() -> None:
    assert CASES.keys() == EDIT.keys()
    assert len(EDIT) == len(BILLING_EDITS)


@pytest.mark.parametrize(("edit", "case"), CASES.items(), ids=CASES.keys())
def test_an_edit_finds_what_breaks_it(edit: str, case: Case, tables: ReferenceData) -> None:
    assert places(case.breaks, edit, tables) == [case.place]


@pytest.mark.parametrize(("edit", "case"), CASES.items(), ids=CASES.keys())
def test_an_edit_leaves_the_nearest_sound_claim_alone(edit: str, case: Case, tables: ReferenceData) -> None:
    assert places(case.sound, edit, tables) == []


@pytest.mark.parametrize(("edit", "day", "applies"), EDGES)
def test_an_edit_applies_on_its_first_and_last_day_only(
    edit: str, day: date, applies: bool, tables: ReferenceData
) -> None:
    on_the_day = replace(CASES[edit].breaks, day=day, sent=day + A_DAY, born="1980-03-21")
    if edit == "filing-late":
        on_the_day = replace(on_the_day, sent=day + timedelta(days=400))
    if edit == "mce-age-conflict":
        on_the_day = replace(on_the_day, born="1940-01-01")
    assert bool(places(on_the_day, edit, tables)) is applies


@pytest.mark.parametrize("claimed", [SOUND, STAY, X12, X12_HOSPITAL], ids=["visit", "stay", "837P", "837I"])
def test_a_sound_claim_has_no_finding(claimed: Claimed, tables: ReferenceData) -> None:
    assert run_edits(claimed.under_edit(tables)) == ()


@pytest.mark.parametrize("edit", BILLING_EDITS, ids=lambda edit: edit.id)
def test_an_edit_says_what_it_is(edit: Edit) -> None:
    assert all((edit.id, edit.source, edit.version, edit.message, edit.fix, edit.owner))


def test_only_errors_stop_a_claim(tables: ReferenceData) -> None:
    warned = run_edits(CASES["mce-questionable-admission"].breaks.under_edit(tables))
    assert [finding.severity for finding in warned] == ["warning"]
    assert is_sendable(warned)
    assert not is_sendable(run_edits(CASES["excludes1"].breaks.under_edit(tables)))
