"""Walking the chain: whatever is done to whichever event is found, and its place is named."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.audit.chain import GENESIS, Anchor, LoggedEvent, Sealed, chain_hash
from shared.audit.verify import Finding, Tampering, Walk

BEGAN = datetime(2026, 11, 21, tzinfo=UTC)
Chain = list[Sealed]


def make_event(number: int, body: str = "{}") -> LoggedEvent:
    return LoggedEvent(UUID(int=number), "coder", BEGAN + timedelta(seconds=number), body)


def make_chain(length: int) -> Chain:
    chain: Chain = []
    for number in range(1, length + 1):
        event = make_event(number)
        chain.append(Sealed(event, number, chain_hash(chain[-1].hash if chain else GENESIS, event)))
    return chain


def renumber(chain: Sequence[Sealed]) -> Chain:
    return [replace(each, sequence=place) for place, each in enumerate(chain, start=1)]


def walk(chain: Sequence[Sealed], *anchors: Anchor) -> list[Finding]:
    going = Walk.against(anchors)
    for sealed in chain:
        going.follow(sealed)
    return list(going.finish())


def change(chain: Chain, place: int) -> Chain:
    changed = replace(chain[place - 1], event=make_event(place, '{"agent":"somebody else"}'))
    return [*chain[: place - 1], changed, *chain[place:]]


def delete(chain: Chain, place: int) -> Chain:
    return [*chain[: place - 1], *chain[place:]]


def insert(chain: Chain, place: int) -> Chain:
    """As a forger would who knows how the chain is made, and stops at the next event's hash."""
    forged = make_event(1000)
    before = chain[place - 2].hash if place > 1 else GENESIS
    return renumber([*chain[: place - 1], Sealed(forged, place, chain_hash(before, forged)), *chain[place - 1 :]])


def insert_clumsily(chain: Chain, place: int) -> Chain:
    return renumber([*chain[: place - 1], Sealed(make_event(1000), place, b"?" * 32), *chain[place - 1 :]])


@pytest.mark.parametrize(
    ("tamper", "tampering"),
    [
        (change, Tampering.CHANGED),
        (delete, Tampering.DELETED),
        (insert, Tampering.INSERTED),
        (insert_clumsily, Tampering.INSERTED),
    ],
)
@given(length=st.integers(3, 12), data=st.data())
def test_tampering_is_found_where_it_was_done(
    tamper: Callable[[Chain, int], Chain], tampering: Tampering, length: int, data: st.DataObject
) -> None:
    place = data.draw(st.integers(1, length - 1))
    assert walk(tamper(make_chain(length), place)) == [Finding(tampering, place, place)]


def test_a_whole_chain_has_no_finding_and_fits_its_anchors() -> None:
    chain = make_chain(5)
    assert walk(chain, Anchor(3, chain[2].hash), Anchor(5, chain[4].hash)) == []
    assert walk([]) == []


def test_several_places_are_all_named() -> None:
    found = walk(change(delete(make_chain(12), 9), 3))
    assert found == [Finding(Tampering.CHANGED, 3, 3), Finding(Tampering.DELETED, 9, 9)]


def test_an_end_that_was_cut_off_is_seen_by_an_anchor_only() -> None:
    chain = make_chain(6)
    assert walk(chain[:4]) == []
    assert walk(chain[:4], Anchor(6, chain[5].hash)) == [Finding(Tampering.TRUNCATED, 5, 6)]


def test_a_chain_that_was_made_anew_is_seen_by_an_anchor_only() -> None:
    chain = make_chain(6)
    forged = make_chain(2)
    for number in range(3, 7):
        event = make_event(number, "{} ")
        forged.append(Sealed(event, number, chain_hash(forged[-1].hash, event)))
    assert walk(forged) == []
    assert walk(forged, Anchor(4, chain[3].hash)) == [Finding(Tampering.REWRITTEN, 4, 4)]


def test_renumbering_after_a_deletion_is_found_at_the_next_event() -> None:
    assert walk(renumber(delete(make_chain(6), 3))) == [Finding(Tampering.CHANGED, 3, 3)]
