"""What a later release adds, deletes and revises."""

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


def test_a_code_that_is_no_longer_complete_is_revised() -> None:
    old, new = Entry("G35", "MS", facts={"billable": True}), Entry("G35", "MS", facts={"billable": False})
    assert compare_releases([old], [new], whole=False).touched == {"G35"}
    assert compare_releases([old], [old], whole=False).touched == frozenset()
