"""Decisions that a payer owes: asked for where its profile says so, once an interval, and applied like any answer."""

import asyncio
from uuid import UUID, uuid4

import pytest

from services.claims import SCHEMA
from services.claims.claim import PayerId, State
from services.claims.fhir_channel import open_fhir_channel
from services.claims.inquiries import Inquiries
from services.claims.payers import PayerProfile
from services.claims.responses import read_search
from services.claims.service import InquiryService
from services.claims.settings import ClaimsOptions
from services.simulators.payer_desk import Mode
from shared.contracts.errors import InvalidContent
from shared.postgres.pool import Pool
from tests.integration.claims.conftest import Clinic, Payers, fhir_profile
from tests.unit.claims.codings import coded_chart

ASKED = PayerId("http")


@pytest.fixture
def asking(claims_pool: Pool, payers: Payers) -> Clinic:
    """A clinic whose one payer is asked."""
    profile = fhir_profile(f"{payers.base}/http/fhir", inquiry_hours=1.0)
    return Clinic(claims_pool, ClaimsOptions(payers={ASKED: profile}, default_payer=ASKED))


def _service(clinic: Clinic) -> InquiryService:
    return InquiryService(clinic.pool, SCHEMA, clinic.options, clinic.answers)


async def _pended(clinic: Clinic, payers: Payers) -> UUID:
    payers.desk.set_mode(Mode.PEND)
    claim_id = await clinic.queue(coded_chart())
    await clinic.deliver(claim_id, ASKED, State.PENDED)
    payers.desk.set_mode(Mode.ACCEPT)
    return claim_id


async def _let_hours_pass(clinic: Clinic) -> None:
    await clinic.pool.execute(
        "update claims.claim set updated_at = updated_at - interval '2 hours', "
        "inquired_at = inquired_at - interval '2 hours'"
    )


async def test_a_pended_claim_is_asked_about_and_decided(asking: Clinic, payers: Payers) -> None:
    claim_id = await _pended(asking, payers)
    await _let_hours_pass(asking)
    stop = asyncio.Event()
    inquiries = Inquiries(ASKED, asking.options.payers[ASKED], _service(asking), idle_seconds=0.05)
    task = asyncio.create_task(inquiries.run(stop))
    await asking.until(claim_id, State.ACCEPTED)
    stop.set()
    await task
    assert await asking.pool.fetchval("select count(*) from claims.response") == 2


async def test_a_claim_is_due_once_an_interval_for_one_process(asking: Clinic, payers: Payers) -> None:
    claim_id = await _pended(asking, payers)
    service = _service(asking)
    assert await service.take_due(ASKED, 10) == []
    await _let_hours_pass(asking)
    taken = await asyncio.gather(*(service.take_due(ASKED, 10) for _ in range(3)))
    assert sorted(taken, key=len) == [[], [], [claim_id]]
    await _let_hours_pass(asking)
    assert await service.take_due(ASKED, 10) == [claim_id]


async def test_a_payer_that_is_not_asked_is_awaited(clinic: Clinic, payers: Payers) -> None:
    await _pended(clinic, payers)
    await _let_hours_pass(clinic)
    assert await _service(clinic).take_due(ASKED, 10) == []


async def test_a_payer_that_knows_nothing_or_is_down_says_nothing(asking: Clinic, payers: Payers) -> None:
    async with open_fhir_channel(asking.options.payers[ASKED]) as channel:
        assert await channel.inquire(uuid4()) is None
        payers.desk.set_mode(Mode.FAIL)
        assert await channel.inquire(uuid4()) is None


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"entry":[{}]}', b'{"entry":[{"resource":{}}]}'])
def test_what_is_no_searchset_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidContent):
        read_search(body)


def test_only_a_payer_over_fhir_can_be_asked() -> None:
    with pytest.raises(ValueError, match="inquiry_hours"):
        PayerProfile(inquiry_hours=1.0)
