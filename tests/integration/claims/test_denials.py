"""The denial worklist on a real database: what gets on it, the steps people take, and warnings set aside."""

import hashlib
import json
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.claims import SCHEMA
from services.claims.api_models import ROWS
from services.claims.claim import PayerId, State
from services.claims.denials.reasons import Kind, Step
from services.claims.edits import EditContext
from services.claims.edits.overrides import Override, OverrideRefused
from services.claims.edits.payer_rules import read_payer_rules
from services.claims.service import DenialService, OverrideService, PreviewService, RuleTables
from services.claims.service.denials import DenialFilter
from services.claims.settings import ClaimsOptions
from services.claims.store.denial_store import Caller
from shared.contracts.envelope import Envelope
from shared.contracts.errors import Conflict, NotFound
from shared.contracts.messages import ClaimReturned
from shared.contracts.topics import Topic
from shared.fhir import systems
from shared.postgres.answers import Repeatable
from tests.builders import as_bytes, claim_response
from tests.integration.claims.conftest import Clinic
from tests.unit.claims.codings import coded_chart

LEAD = Caller("lea", "Practitioner/lea")
WARNING = """
[[rule]]
id = "acme/look-twice"
source = "test"
severity = "warning"
message = "Visits of this level are often denied."
fix = "Look twice."
when = { services = ["99213"] }
forbid = { services = ["99213"] }
"""


@pytest.fixture
def denials(clinic: Clinic) -> DenialService:
    return DenialService(clinic.pool, SCHEMA)


async def _sent(clinic: Clinic, chart_id: UUID | None = None, coding_version: int = 1, **more: Any) -> UUID:
    coded = coded_chart(chart_id, coding_version=coding_version, payer_id="payer-topic", **more)
    await clinic.arrive(coded)
    await clinic.preparation.prepare_claims()
    await clinic.sending.publish_due(PayerId("topic"), 10)
    return clinic.claim_id(coded, "topic")


async def _answer(clinic: Clinic, claim_id: UUID, *reasons: str, lines: tuple[int, ...] = (1,), **more: Any) -> None:
    denied = {
        "category": {"coding": [{"system": systems.ADJUDICATION, "code": "denied"}]},
        "amount": {"value": 80, "currency": "USD"},
    }
    adjudication = [{**denied, "reason": {"coding": [{"system": systems.CARC, "code": code}]}} for code in reasons]
    request = {"identifier": {"system": systems.CLAIM_IDENTIFIER, "value": str(claim_id)}}
    items: dict[str, Any] = (
        {"item": [{"itemSequence": line, "adjudication": adjudication} for line in lines]} if reasons else {}
    )
    body = as_bytes(claim_response(request=request, **items, **more))
    await clinic.answers.receive_responses([clinic.record(Topic.CLAIM_RESPONSE, body)])


async def test_a_denial_is_on_the_worklist_once_with_its_kind_and_next_step(
    clinic: Clinic, denials: DenialService
) -> None:
    claim_id = await _sent(clinic)
    for _ in range(2):
        await _answer(clinic, claim_id, "97")
    await _answer(clinic, await _sent(clinic))
    page = await denials.list_denials(DenialFilter(status="open"))
    (denial,) = page.denials
    assert (denial.claim_id, denial.kind, denial.proposed) == (claim_id, Kind.CODING, Step.CORRECT)
    assert (denial.reason_codes, denial.amount, page.next) == (("97",), Decimal(80), None)
    view = await denials.get_denial(denial.denial_id)
    (line,) = view.lines
    assert (line.line, line.code, line.diagnoses, line.words) == (1, "99213", ("J18.9",), line.words)


async def test_the_worklist_is_paged_and_filtered(clinic: Clinic, denials: DenialService) -> None:
    for reason in ("97", "197", "97"):
        await _answer(clinic, await _sent(clinic), reason)
    first = await denials.list_denials(DenialFilter(), limit=2)
    rest = await denials.list_denials(DenialFilter(), after=ROWS.read(first.next or "").number, limit=2)
    assert [len(first.denials), len(rest.denials)] == [2, 1]
    assert len({each.denial_id for each in (*first.denials, *rest.denials)}) == 3
    coding = await denials.list_denials(DenialFilter(kind="coding"))
    assert {each.kind for each in coding.denials} == {Kind.CODING}
    assert len((await denials.list_denials(DenialFilter(reason_code="197"))).denials) == 1
    assert (await denials.list_denials(DenialFilter(practitioner="Practitioner/nobody"))).denials == ()


async def test_a_correction_returns_the_chart_with_what_the_payer_said(clinic: Clinic, denials: DenialService) -> None:
    claim_id = await _sent(clinic)
    await _answer(clinic, claim_id, "97")
    (denial,) = (await denials.list_denials(DenialFilter())).denials
    await denials.take_step(denial.denial_id, Step.CORRECT, LEAD, "The record has another visit.")
    (message,) = await clinic.published(Topic.CLAIM_RETURNED)
    told = Envelope[ClaimReturned].decode(message["value"]).data
    assert (told.chart_id, told.coding_version) == (denial.chart_id, 1)
    assert [finding.edit for finding in told.findings] == ["denied-97"]
    view = await denials.get_denial(denial.denial_id)
    assert view.denial.status == "returned"
    assert [(step.step, step.practitioner) for step in view.steps] == [(Step.CORRECT, LEAD.practitioner)]
    with pytest.raises(Conflict):
        await denials.take_step(denial.denial_id, Step.CORRECT, LEAD, "again")


async def test_a_step_that_is_asked_for_twice_under_one_key_is_taken_once(
    clinic: Clinic, denials: DenialService
) -> None:
    await _answer(clinic, await _sent(clinic), "97")
    (denial,) = (await denials.list_denials(DenialFilter())).denials
    request = Repeatable.of("lea", "key-1", "POST", "/correct", "Another visit.")
    views = [await denials.take_step(denial.denial_id, Step.CORRECT, LEAD, "Another visit.", request) for _ in range(2)]
    assert views[0] == views[1]
    assert len(views[0].steps) == len(await clinic.published(Topic.CLAIM_RETURNED)) == 1


async def test_an_override_and_a_requeue_under_one_key_are_done_once(clinic: Clinic) -> None:
    ruled, rules = _ruled(clinic, "send")
    overriding = OverrideService(clinic.pool, SCHEMA, rules)
    chart_id, override = uuid4(), Override("acme/look-twice", "I did.", "Practitioner/ann")
    request = Repeatable.of("ann", "key-1", "POST", "/overrides", "I did.")
    kept = [await overriding.override(chart_id, override, subject="ann", request=request) for _ in range(2)]
    assert (await overriding.list_overrides(chart_id)).overrides == (kept[0],) == (kept[1],)
    claim_id = await ruled.queue(coded_chart())
    await clinic.pool.execute("update claims.claim set deadline_at = now() - interval '1 second'")
    await ruled.sending.end_overdue(PayerId("topic"))
    request = Repeatable.of("lea", "key-1", "POST", f"/v1/claims/{claim_id}/requeue")
    assert [(await ruled.sending.requeue_claim(claim_id, request)).state for _ in range(2)] == [State.QUEUED] * 2


async def test_a_denial_of_a_chart_that_was_coded_again_needs_no_step(clinic: Clinic, denials: DenialService) -> None:
    chart_id = uuid4()
    await _answer(clinic, await _sent(clinic, chart_id), "97")
    await _sent(clinic, chart_id, coding_version=2)
    (denial,) = (await denials.list_denials(DenialFilter())).denials
    assert denial.status == "recoded"
    with pytest.raises(Conflict):
        await denials.take_step(denial.denial_id, Step.CORRECT, LEAD, "late")


async def test_an_appeal_keeps_the_hash_of_its_packet_and_is_overturned_by_payment(
    clinic: Clinic, denials: DenialService
) -> None:
    claim_id = await _sent(clinic)
    await _answer(clinic, claim_id, "50")
    (denial,) = (await denials.list_denials(DenialFilter())).denials
    with pytest.raises(NotFound):
        await denials.read_packet(denial.denial_id)
    await denials.take_step(denial.denial_id, Step.APPEAL, LEAD, "It was necessary.")
    packet = await denials.read_packet(denial.denial_id)
    (step,) = (await denials.get_denial(denial.denial_id)).steps
    assert step.packet_sha256 == hashlib.sha256(packet).hexdigest()
    assert json.loads(packet)["entry"][1]["resource"]["resourceType"] == "Claim"
    await _answer(clinic, claim_id, payment={"amount": {"value": 80, "currency": "USD"}})
    assert (await denials.get_denial(denial.denial_id)).denial.status == "overturned"
    assert await clinic.state(claim_id) is State.PAID


async def test_every_denial_of_a_claim_and_chart_stays_in_its_history(clinic: Clinic, denials: DenialService) -> None:
    chart_id = uuid4()
    first = await _sent(clinic, chart_id)
    await _answer(clinic, first, "97")
    await _answer(clinic, first, "50", disposition="anew")
    second = await _sent(clinic, chart_id, coding_version=2)
    await _answer(clinic, second, "197")
    histories = [await denials.list_history(claim_id) for claim_id in (first, second)]
    assert histories[0] == histories[1]
    assert [(each.claim_id, each.reason_codes) for each in histories[0].denials] == [
        (first, ("97",)),
        (first, ("50",)),
        (second, ("197",)),
    ]
    view = await denials.get_denial(histories[0].denials[0].denial_id)
    assert view.history == histories[0].denials
    with pytest.raises(NotFound):
        await denials.list_history(uuid4())


async def test_steps_and_lines_cannot_be_rewritten(clinic: Clinic, denials: DenialService) -> None:
    await _answer(clinic, await _sent(clinic), "29")
    (denial,) = (await denials.list_denials(DenialFilter())).denials
    await denials.take_step(denial.denial_id, Step.WRITE_OFF, LEAD, "Too late.")
    for statement in (
        "delete from claims.denial_step",
        "update claims.denial_step set reason = 'another'",
        "delete from claims.denial_line",
        "update claims.denial_line set reason_code = '1'",
    ):
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await clinic.pool.execute(statement)


async def test_patterns_count_what_is_denied_and_what_is_taken_of_the_same(
    clinic: Clinic, denials: DenialService
) -> None:
    for _ in range(2):
        await _answer(clinic, await _sent(clinic), "97")
    await _answer(clinic, await _sent(clinic), "50")
    await _answer(clinic, await _sent(clinic))
    (pattern,) = (await denials.find_patterns()).patterns
    assert (pattern.payer_id, pattern.reason_code, pattern.code) == ("topic", "97", "99213")
    assert (pattern.denied, pattern.taken) == (2, 1)


def _ruled(clinic: Clinic, warnings: str) -> tuple[Clinic, RuleTables]:
    profile = clinic.options.payers["topic"].model_copy(update={"warnings": warnings})
    options = ClaimsOptions(payers={"topic": profile}, default_payer="topic")
    rules = RuleTables(clinic.pool, EditContext(payer_rules=read_payer_rules(WARNING)))
    ruled = Clinic(clinic.pool, options)
    ruled.preparation._rules = rules
    return ruled, rules


async def test_a_warning_holds_a_claim_where_the_payers_profile_says_so_until_it_is_overridden(clinic: Clinic) -> None:
    ruled, rules = _ruled(clinic, "return")
    chart_id = uuid4()
    (held,) = await ruled.arrive(coded_chart(chart_id))
    await ruled.preparation.prepare_claims()
    assert await ruled.state(held) is State.DRAFT
    overriding = OverrideService(clinic.pool, SCHEMA, rules)
    override = Override("acme/look-twice", "I did.", "Practitioner/ann")
    kept = await overriding.override(chart_id, override, subject="ann")
    assert (await overriding.list_overrides(chart_id)).overrides == (kept,)
    _, previewed = await PreviewService(clinic.pool, SCHEMA, ruled.options, rules).preview(
        coded_chart(chart_id, coding_version=2)
    )
    assert (previewed.is_sendable, previewed.findings) == (True, ())
    (sent,) = await ruled.arrive(coded_chart(chart_id, coding_version=2))
    await ruled.preparation.prepare_claims()
    view = await ruled.overview.get_claim(sent)
    assert (view.state, view.findings) == (State.QUEUED, ())
    (overridden,) = view.overridden
    assert (overridden.finding.edit, overridden.reason, overridden.by) == (
        "acme/look-twice",
        "I did.",
        "Practitioner/ann",
    )


async def test_by_default_a_warning_goes_out_and_stays_on_the_claim(clinic: Clinic) -> None:
    ruled, _ = _ruled(clinic, "send")
    claim_id = await ruled.queue(coded_chart())
    assert [each.edit for each in (await ruled.overview.get_claim(claim_id)).findings] == ["acme/look-twice"]


async def test_an_error_and_what_is_no_edit_are_never_overridden(clinic: Clinic) -> None:
    overriding = OverrideService(clinic.pool, SCHEMA, RuleTables(clinic.pool, EditContext()))
    for name in ("service-in-future", "no-such-edit"):
        with pytest.raises(OverrideRefused):
            await overriding.override(uuid4(), Override(name, "because", "Practitioner/ann"), subject="ann")
    assert await clinic.pool.fetchval("select count(*) from claims.edit_override") == 0
