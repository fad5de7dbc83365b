"""Every record of a batch gets one outcome; a record is applied whole or not at all."""

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.intake import Arrival, Examined, Refusal
from services.ingest.judgement import HEARTBEAT, VERSION_CONFLICT, judge_batch
from services.ingest.versions import Version
from shared.fhir.references import ResourceKey
from shared.kafka.record import Record
from shared.postgres.inbox import Outcome

APPLIED, STALE, DUPLICATE, QUARANTINED = Outcome.APPLIED, Outcome.STALE, Outcome.DUPLICATE, Outcome.QUARANTINED


def arrival(resource_id: str, number: int, digest: str | None = None) -> Arrival:
    version = Version(digest or f"{resource_id}-{number}", number)
    return Arrival(ResourceKey("Patient", resource_id), version, "{}", "", None, None, None, ())


def batch(*answers: Examined) -> list[tuple[Record, Examined]]:
    return [(Record("topic", 0, offset, None, b""), answer) for offset, answer in enumerate(answers)]


def test_what_comes_before_in_the_batch_counts_as_applied() -> None:
    judgement = judge_batch(
        batch((arrival("a", 2),), (arrival("a", 1),), (arrival("a", 2),), (arrival("a", 3),)), {}, set()
    )
    assert [each.outcome for each in judgement.outcomes] == [APPLIED, STALE, DUPLICATE, APPLIED]
    assert [each.version.number for each in judgement.kept] == [2, 3]
    assert judgement.current[ResourceKey("Patient", "a")].version.number == 3


def test_a_conflict_takes_the_whole_record_with_it() -> None:
    applied = {ResourceKey("Patient", "b"): Version("x", 1)}
    judgement = judge_batch(batch((arrival("a", 1), arrival("b", 1)), (arrival("a", 1),)), applied, set())
    assert [(each.outcome, each.reason) for each in judgement.outcomes] == [
        (QUARANTINED, VERSION_CONFLICT),
        (APPLIED, None),
    ]


def test_a_record_of_several_is_applied_when_any_of_them_is() -> None:
    applied = {ResourceKey("Patient", "a"): Version("a-1", 1), ResourceKey("Patient", "b"): Version("b-5", 5)}
    judgement = judge_batch(
        batch(
            (arrival("a", 1), arrival("b", 4)),
            (arrival("a", 1), arrival("b", 5)),
            (arrival("a", 1), arrival("c", 1)),
        ),
        applied,
        set(),
    )
    assert [each.outcome for each in judgement.outcomes] == [STALE, DUPLICATE, APPLIED]


def test_refusals_and_heartbeats_have_their_reasons() -> None:
    judgement = judge_batch(batch(Refusal("not-json", "here"), ()), {}, set())
    assert [(each.outcome, each.reason) for each in judgement.outcomes] == [
        (QUARANTINED, "not-json"),
        (APPLIED, HEARTBEAT),
    ]


_ARRIVALS = st.builds(arrival, st.sampled_from("ab"), st.integers(1, 4), st.sampled_from([None, "other"]))


@given(st.lists(st.one_of(st.lists(_ARRIVALS, max_size=3).map(tuple), st.just(Refusal("x")))))
def test_every_record_has_one_outcome_and_only_applied_ones_are_kept(answers: list[Examined]) -> None:
    judgement = judge_batch(batch(*answers), {}, set())
    assert [each.record.offset for each in judgement.outcomes] == list(range(len(answers)))
    applied = [answer for answer, each in zip(answers, judgement.outcomes, strict=True) if each.outcome is APPLIED]
    allowed = [each for answer in applied if isinstance(answer, tuple) for each in answer]
    assert all(each in allowed for each in judgement.kept)
