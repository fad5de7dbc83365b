"""Rejections and refused voids on the worklist: what gets on it, and which steps each takes."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.claims import SCHEMA
from services.claims.claim import PayerId, State, identify_void
from services.claims.denial_models import DenialView
from services.claims.denials.reasons import Kind, Step
from services.claims.schedule import Outcome
from services.claims.service import DenialService
from services.claims.service.denials import DenialFilter
from services.claims.store import AttemptReport
from services.claims.store.denial_store import Caller
from shared.contracts.envelope import Envelope
from shared.contracts.errors import Conflict
from shared.contracts.messages import ClaimReturned
from shared.contracts.topics import Topic
from shared.fhir import systems
from tests.builders import as_bytes, claim_response
from tests.integration.claims.conftest import Clinic
from tests.unit.claims.codings import coded_chart

LEAD = Caller("lea", "Practitioner/lea")


@pytest.fixture
def denials(clinic: Clinic) -> DenialService:
    return DenialService(clinic.pool, SCHEMA)


async def _refuse(clinic: Clinic, chart_id: UUID, *codes: str, coding_version: int = 1) -> UUID:
    claim_id = await clinic.queue(coded_chart(chart_id, coding_version=coding_version))
    (taken,) = await clinic.sending.take_due(PayerId("http"), 5)
    await clinic.report(taken, AttemptReport(Outcome.REFUSED, 1, 422, "http-422", codes))
    return claim_id


async def _answer(clinic: Clinic, claim_id: UUID, **more: Any) -> None:
    request = {"identifier": {"system": systems.CLAIM_IDENTIFIER, "value": str(claim_id)}}
    body = as_bytes(claim_response(request=request, **more))
    await clinic.answers.receive_responses([clinic.record(Topic.CLAIM_RESPONSE, body)])


async def _only(denials: DenialService) -> DenialView:
    (found,) = (await denials.list_denials(DenialFilter())).denials
    return await denials.get_denial(found.denial_id)


@pytest.mark.parametrize(("codes", "told"), [(("business-rule",), "business-rule"), ((), "http-422")])
async def test_a_claim_that_the_payer_refuses_is_a_rejection_with_the_codes_of_the_refusal(
    clinic: Clinic, denials: DenialService, codes: tuple[str, ...], told: str
) -> None:
    claim_id = await _refuse(clinic, uuid4(), *codes)
    view = await _only(denials)
    summary = view.denial
    assert (summary.claim_id, summary.kind, summary.proposed) == (claim_id, Kind.REJECTION, Step.RESUBMIT)
    assert summary.reason_codes == (told,)
    assert [(line.line, line.code) for line in view.lines] == [(1, "99213")]
    assert "not in our table" not in view.lines[0].words


async def test_an_answer_of_errors_names_its_line(clinic: Clinic, denials: DenialService) -> None:
    claim_id = await clinic.queue(coded_chart())
    (taken,) = await clinic.sending.take_due(PayerId("http"), 1)
    await clinic.report(taken, AttemptReport(Outcome.DELIVERED, 1, 202))
    error = {"itemSequence": 1, "code": {"coding": [{"code": "a001"}]}}
    await _answer(clinic, claim_id, outcome="error", error=[error])
    view = await _only(denials)
    assert (view.denial.kind, view.denial.reason_codes, view.lines[0].line) == (Kind.REJECTION, ("a001",), 1)
    assert await clinic.state(claim_id) is State.REJECTED


async def test_a_resubmitted_claim_is_a_first_claim_again(clinic: Clinic, denials: DenialService) -> None:
    chart_id = uuid4()
    first = await _refuse(clinic, chart_id, "business-rule")
    denial_id = (await _only(denials)).denial.denial_id
    with pytest.raises(Conflict):
        await denials.take_step(denial_id, Step.CORRECT, LEAD, "no")
    with pytest.raises(Conflict):
        await denials.take_step(denial_id, Step.APPEAL, LEAD, "no")
    with pytest.raises(Conflict):
        await denials.take_step(denial_id, Step.SETTLE, LEAD, "no")
    await denials.take_step(denial_id, Step.RESUBMIT, LEAD, "The number was another one.")
    (message,) = await clinic.published(Topic.CLAIM_RETURNED)
    (finding,) = Envelope[ClaimReturned].decode(message["value"]).data.findings
    assert finding.edit == "rejected-business-rule"
    second = await clinic.queue(coded_chart(chart_id, coding_version=2))
    assert (await clinic.overview.get_claim(second)).replaces is None
    await clinic.deliver(second, "http", State.ACCEPTED)
    assert await clinic.states(first, second) == [State.REJECTED, State.ACCEPTED]
    assert (await _only(denials)).denial.status == "returned"


async def test_a_rejection_that_the_payer_takes_back_needs_no_step(clinic: Clinic, denials: DenialService) -> None:
    claim_id = await _refuse(clinic, uuid4())
    refusal = {"adjudication": [{"category": {"coding": [{"system": systems.ADJUDICATION, "code": "denied"}]}}]}
    await _answer(clinic, claim_id, item=[{"itemSequence": 1, **refusal}])
    page = await denials.list_denials(DenialFilter())
    assert [(each.kind, each.status) for each in page.denials] == [
        (Kind.REJECTION, "overturned"),
        (Kind.OTHER, "open"),
    ]


async def test_a_refused_void_is_settled_with_the_payer(clinic: Clinic, denials: DenialService) -> None:
    chart_id = uuid4()
    claim_id = await clinic.queue(coded_chart(chart_id))
    await clinic.deliver(claim_id, "http", State.ACCEPTED)
    await clinic.withdraw(chart_id, 1)
    await clinic.preparation.prepare_claims()
    (taken,) = await clinic.sending.take_due(PayerId("http"), 1)
    await clinic.report(taken, AttemptReport(Outcome.REFUSED, 1, 422, "http-422", ("not-found",)))
    assert await clinic.states(claim_id, taken.claim_id) == [State.ACCEPTED, State.REJECTED]
    view = await _only(denials)
    summary = view.denial
    assert (summary.claim_id, summary.kind) == (identify_void(chart_id, 1, "http"), Kind.VOID)
    assert (summary.proposed, summary.reason_codes) == (Step.SETTLE, ("not-found",))
    with pytest.raises(Conflict):
        await denials.take_step(summary.denial_id, Step.WRITE_OFF, LEAD, "no")
    await denials.take_step(summary.denial_id, Step.SETTLE, LEAD, "Refund by check on the 3rd.")
    assert (await _only(denials)).denial.status == "settled"
    assert (await denials.list_history(claim_id)).denials == (await denials.list_history(taken.claim_id)).denials
