"""What a later release adds, deletes and revises."""

from dataclasses import replace
from datetime import date

from shared.codesets.changes import Revision, compare_releases
from shared.codesets.entry import Entry

OLD = [Entry("A", "same"), Entry("B", "before"), Entry("C", "gone"), Entry("D", "facts", facts={"short": "x"})]
NEW = [Entry("E", "new"), Entry("D", "facts", facts={"short": "y"}), Entry("B", "after"), Entry("A", "same")]


def test_each_code_is_added_deleted_or_revised_once() -> None:
    changes = compare_releases(OLD, NEW, whole=False)
    assert changes.added == (("E", "new"),)
    assert changes.deleted == (("C", "gone"),)
    assert changes.revised == (Revision("B", "before", "after"),)
    assert changes.touched == {"B", "C"}


def test_rules_are_compared_whole() -> None:
    assert {each.code for each in compare_releases(OLD, NEW, whole=True).revised} == {"B", "D"}


def test_a_code_that_is_divided_further_is_deleted_and_one_that_becomes_complete_is_added() -> None:
    whole, divided = (Entry("G35", "MS", facts={"billable": billable}) for billable in (True, False))
    changes = compare_releases([whole], [divided], whole=False)
    assert (changes.deleted, changes.revised) == ((("G35", "MS"),), ())
    assert compare_releases([divided], [whole], whole=False).added == (("G35", "MS"),)
    assert compare_releases([divided], [replace(divided, title="Other")], whole=False).touched == frozenset()


def test_a_code_that_has_ended_since_is_deleted_once() -> None:
    open_ended, ended = (Entry("V0001", "Lens", ends=ends) for ends in (None, date(2025, 12, 31)))
    assert compare_releases([open_ended], [ended], whole=False).deleted == (("V0001", "Lens"),)
    assert compare_releases([ended], [ended], whole=False).touched == frozenset()


def test_another_letter_case_or_first_day_is_no_revision() -> None:
    old, new = Entry("A0100", "TAXI  RIDE", date(1982, 1, 1)), Entry("A0100", "Taxi ride")
    assert compare_releases([old], [new], whole=False).touched == frozenset()
    assert compare_releases([old], [new], whole=True).touched == {"A0100"}
