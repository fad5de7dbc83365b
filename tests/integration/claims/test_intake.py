"""Codings in: each record one outcome, each chart one effective claim."""

from uuid import uuid4

from services.claims.claim import State
from services.claims.payers import PayerProfile
from shared.contracts.topics import Topic
from tests.builders import claim
from tests.integration.claims.conftest import Clinic, wrap
from tests.unit.claims.codings import coded_chart


async def test_a_coding_becomes_a_ready_claim_of_its_payer(clinic: Clinic) -> None:
    plain, other = coded_chart(), coded_chart(payer_id="payer-topic")
    await clinic.arrive(plain, other)
    assert await clinic.state(clinic.claim_id(plain, "http")) is State.READY
    assert await clinic.state(clinic.claim_id(other, "topic")) is State.READY


async def test_a_record_that_comes_again_changes_nothing(clinic: Clinic) -> None:
    record = clinic.coded_record(coded_chart())
    assert await clinic.intake.receive_codings([record]) == 1
    assert await clinic.intake.receive_codings([record]) == 0
    assert await clinic.outcomes() == [("applied", None)]


async def test_a_message_that_comes_again_at_another_position_is_a_duplicate(clinic: Clinic) -> None:
    coded = coded_chart()
    envelope = wrap(coded)
    await clinic.intake.receive_codings([clinic.coded_record(coded, envelope)])
    await clinic.intake.receive_codings([clinic.coded_record(coded, envelope), clinic.coded_record(coded, envelope)])
    assert await clinic.outcomes() == [("applied", None), ("duplicate", None), ("duplicate", None)]


async def test_the_same_coding_in_another_message_is_a_duplicate_even_in_one_batch(clinic: Clinic) -> None:
    coded = coded_chart()
    await clinic.arrive(coded, coded)
    await clinic.arrive(coded)
    assert [outcome for outcome, _ in await clinic.outcomes()] == ["applied", "duplicate", "duplicate"]
    assert (await clinic.overview.count_claims()).states[State.READY] == 1


async def test_another_claim_under_a_known_version_is_held(clinic: Clinic) -> None:
    chart_id = uuid4()
    await clinic.arrive(coded_chart(chart_id))
    await clinic.arrive(coded_chart(chart_id, diagnoses=("I10",)))
    assert await clinic.outcomes() == [("applied", None), ("quarantined", "coding-conflict")]
    (row,) = await clinic.pool.fetch("select message_id from claims.inbox where outcome = 'quarantined'")
    assert row["message_id"] is not None


async def test_an_older_coding_is_stale(clinic: Clinic) -> None:
    chart_id = uuid4()
    await clinic.arrive(coded_chart(chart_id, coding_version=2))
    await clinic.arrive(coded_chart(chart_id, coding_version=1))
    assert [outcome for outcome, _ in await clinic.outcomes()] == ["applied", "stale"]


async def test_what_is_no_coding_is_held_and_its_batch_goes_on(clinic: Clinic) -> None:
    bad = [b"{}", b"\xff", None, clinic.coded_record(coded_chart(coding_version=1)).value]
    records = [clinic.record(Topic.CHART_CODED, value) for value in bad]
    assert await clinic.intake.receive_codings(records) == 1
    reasons = [reason for outcome, reason in await clinic.outcomes() if outcome == "quarantined"]
    assert reasons == ["invalid-content"] * 3
    assert len(await clinic.published(Topic.DEAD_LETTER)) == 3


async def test_two_codings_of_a_chart_in_one_batch_leave_one_effective_claim(clinic: Clinic) -> None:
    chart_id = uuid4()
    first, second, third = (coded_chart(chart_id, coding_version=number) for number in (1, 2, 3))
    ids = await clinic.arrive(first, second, third)
    assert await clinic.states(*ids) == [State.VOIDED, State.VOIDED, State.READY]
    assert (await clinic.overview.get_claim(ids[0])).superseded_by == ids[1]
    assert (await clinic.overview.count_claims()).unbalanced_charts == ()


async def test_a_coding_for_another_payer_supersedes_too(clinic: Clinic) -> None:
    chart_id = uuid4()
    first, second = coded_chart(chart_id), coded_chart(chart_id, coding_version=2, payer_id="payer-topic")
    await clinic.arrive(first)
    await clinic.arrive(second)
    assert await clinic.state(clinic.claim_id(first)) is State.VOIDED
    assert await clinic.state(clinic.claim_id(second, "topic")) is State.READY
    assert (await clinic.overview.count_claims()).unbalanced_charts == ()


async def test_one_record_can_be_put_aside_once(clinic: Clinic) -> None:
    record = clinic.record(Topic.CHART_CODED, b"{}")
    await clinic.intake.hold(record, "handler-failed")
    await clinic.intake.hold(record, "handler-failed")
    assert await clinic.outcomes() == [("quarantined", "handler-failed")]


async def test_a_claim_with_errors_goes_back_to_the_coder(clinic: Clinic) -> None:
    coded = coded_chart(final_claim=claim(coverage_id="nowhere"))
    (claim_id,) = await clinic.arrive(coded)
    await clinic.preparation.prepare_claims()
    view = await clinic.overview.get_claim(claim_id)
    assert view.state is State.DRAFT
    assert [(each.edit, each.expression) for each in view.findings] == [
        ("bundle-rules", "Claim.insurance[0].coverage.reference")
    ]
    (message,) = await clinic.published(Topic.CLAIM_RETURNED)
    assert message["key"] == str(coded.chart_id)
    assert b"bundle-rules" in message["value"]


async def test_a_claim_that_cannot_be_built_stops_no_other(clinic: Clinic) -> None:
    broken, sound = coded_chart(), coded_chart()
    ids = await clinic.arrive(broken, sound)
    await clinic.pool.execute("update claims.coding set event = 'nothing' where chart_id = $1", broken.chart_id)
    assert await clinic.preparation.prepare_claims() == 2
    assert await clinic.states(*ids) == [State.DRAFT, State.QUEUED]
    assert (await clinic.overview.get_claim(ids[0])).findings[0].edit == "build-failed"


async def test_a_payer_that_left_the_settings_sends_the_claim_back(clinic: Clinic) -> None:
    (claim_id,) = await clinic.arrive(coded_chart())
    only_topic = clinic.options.model_copy(update={"payers": {"topic": PayerProfile()}, "default_payer": "topic"})
    await Clinic(clinic.pool, only_topic).preparation.prepare_claims()
    assert (await clinic.overview.get_claim(claim_id)).findings[0].edit == "payer-unknown"


async def test_a_recoding_after_a_return_makes_a_new_claim(clinic: Clinic) -> None:
    chart_id = uuid4()
    (draft,) = await clinic.arrive(coded_chart(chart_id, final_claim=claim(coverage_id="nowhere")))
    await clinic.preparation.prepare_claims()
    claim_id = await clinic.queue(coded_chart(chart_id, coding_version=2))
    assert await clinic.states(draft, claim_id) == [State.VOIDED, State.QUEUED]
    assert (await clinic.overview.get_claim(claim_id)).replaces is None
