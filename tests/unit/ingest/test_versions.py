"""Whatever the order of arrival, the newest version ends up applied."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.versions import Verdict, Version, judge, read_version

START = datetime(2026, 9, 1, tzinfo=UTC)


def numbered(number: int, digest: str | None = None) -> Version:
    return Version(digest or f"digest-{number}", number)


def dated(hours: int, digest: str | None = None) -> Version:
    return Version(digest or f"digest-at-{hours}", None, START + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("arriving", "applied", "verdict"),
    [
        (numbered(1), None, Verdict.APPLY),
        (numbered(10), numbered(9), Verdict.APPLY),
        (numbered(9), numbered(10), Verdict.STALE),
        (numbered(2), numbered(2), Verdict.DUPLICATE),
        (numbered(2, "other"), numbered(2), Verdict.CONFLICT),
        (dated(2), dated(1), Verdict.APPLY),
        (dated(1), dated(2), Verdict.STALE),
        (dated(1, "other"), dated(1), Verdict.CONFLICT),
        (Version("b"), Version("a"), Verdict.APPLY),
        (Version("a"), Version("a"), Verdict.DUPLICATE),
        (numbered(1), dated(1), Verdict.APPLY),
        (Version("a", 3, START), Version("b", 2, START + timedelta(hours=1)), Verdict.APPLY),
    ],
)
def test_the_table(arriving: Version, applied: Version | None, verdict: Verdict) -> None:
    assert judge(arriving, applied) is verdict


@pytest.mark.parametrize(("arriving", "applied"), [(numbered(1), numbered(2)), (Version("a"), Version("b"))])
def test_an_older_content_that_was_applied_once_is_a_repetition(arriving: Version, applied: Version) -> None:
    assert judge(arriving, applied, seen_before=True) is Verdict.DUPLICATE


def take_in(arrivals: list[Version]) -> tuple[Version | None, list[Verdict]]:
    applied: Version | None = None
    seen: set[str] = set()
    verdicts = []
    for arriving in arrivals:
        verdict = judge(arriving, applied, seen_before=arriving.digest in seen)
        verdicts.append(verdict)
        if verdict is Verdict.APPLY:
            applied = arriving
            seen.add(arriving.digest)
    return applied, verdicts


@given(st.lists(st.integers(1, 30), min_size=1), st.sampled_from([numbered, dated]))
def test_the_newest_wins_in_any_order(numbers: list[int], make: type) -> None:
    applied, verdicts = take_in([make(number) for number in numbers])
    assert applied == make(max(numbers))
    assert Verdict.CONFLICT not in verdicts


@given(st.lists(st.sampled_from("abcdef"), min_size=1))
def test_unversioned_content_is_applied_once_each(contents: list[str]) -> None:
    _, verdicts = take_in([Version(content) for content in contents])
    assert verdicts.count(Verdict.APPLY) == len(set(contents))
    assert verdicts.count(Verdict.DUPLICATE) == len(contents) - len(set(contents))


@pytest.mark.parametrize(
    ("meta", "label"),
    [
        ({"versionId": "12"}, "12"),
        ({"versionId": "012"}, "12"),
        ({"versionId": "W-1", "lastUpdated": "2026-09-01T12:00:00+02:00"}, "2026-09-01T10:00:00+00:00"),
        ({"versionId": "9" * 30, "lastUpdated": "2026-09-01T10:00:00Z"}, "2026-09-01T10:00:00+00:00"),
        ({"versionId": "1", "lastUpdated": "2026-09-01T10:00:00Z"}, "1"),
    ],
)
def test_the_label_is_the_first_that_there_is(meta: dict[str, str], label: str) -> None:
    assert read_version({"resourceType": "Patient", "meta": meta}).label == label


@pytest.mark.parametrize("written", ["0001-01-01T00:00:00+14:00", "yesterday", 5])
def test_a_time_that_cannot_be_compared_is_no_version(written: object) -> None:
    assert read_version({"resourceType": "Patient", "meta": {"lastUpdated": written}}).updated_at is None


def test_without_meta_the_content_is_the_version_whatever_its_layout() -> None:
    one = read_version({"resourceType": "Patient", "id": "1"})
    other = read_version({"id": "1", "resourceType": "Patient"})
    assert one == other
    assert one.label == one.digest
    assert one != read_version({"resourceType": "Patient", "id": "2"})
