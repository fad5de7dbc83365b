"""Claims as files on real folders and a real database: out once whatever breaks, and back as answers."""

import os
import re

import pytest

from services.claims import x12_channel
from services.claims.claim import State, identify_void
from services.claims.payer_channel import ChannelDown
from services.claims.schedule import Outcome
from services.claims.service import FileService
from services.claims.x12 import name_account
from services.claims.x12_channel import STAGING
from services.simulators.payer_adjudication import Verdict
from services.simulators.payer_x12 import answer_claim, read_filed_claim
from tests.builders.x12_claims import priced_line, x12_case
from tests.integration.claims.x12.conftest import FILES, Office, coding
from tests.unit.claims.codings import coded_chart
from tests.unit.claims.x12.validator import is_valid


class Crash(Exception):
    """The process ends here."""


async def test_a_claim_is_one_valid_file_and_its_answers_pay_it(office: Office) -> None:
    claim_id = await office.queue()
    assert await office.send() == [Outcome.DELIVERED]
    assert await office.clinic.state(claim_id) is State.SUBMITTED
    (path,) = office.out()
    assert is_valid(path.read_text())
    assert name_account(claim_id) in path.name
    assert office.payer.work(Verdict.ACCEPTED) == 1
    assert await office.inbox.read_files() == 3
    assert await office.clinic.state(claim_id) is State.PAID
    kept = await office.rows(
        "select channel, state, payer_claim_number, paid from claims.response order by response_id"
    )
    assert [row[:3] for row in kept] == [("x12", "pended", "ICN000000001"), ("x12", "paid", "ICN000000001")]
    assert float(kept[1][3]) == 100.40
    assert await office.rows("select line, group_code, reason_code from claims.adjustment") == [(1, "CO", "45")]


async def test_a_denied_line_keeps_its_reason_and_remark(office: Office) -> None:
    claim_id = await office.queue()
    await office.send()
    office.payer.work(Verdict.DENIED)
    await office.inbox.read_files()
    view = await office.clinic.overview.get_claim(claim_id)
    assert (view.state, view.codes) == (State.DENIED, ("50",))
    kept = await office.rows("select line, group_code, reason_code, amount, remark_codes from claims.adjustment")
    assert [(row[0], row[1], row[2], float(row[3]), row[4]) for row in kept] == [(1, "CO", "50", 125.5, ["N115"])]


async def test_a_rejected_claim_says_why(office: Office) -> None:
    claim_id = await office.queue()
    await office.send()
    office.payer.work(Verdict.REJECTED)
    await office.inbox.read_files()
    view = await office.clinic.overview.get_claim(claim_id)
    assert (view.state, view.codes) == (State.REJECTED, ("A7-562",))


@pytest.mark.parametrize("crash", ["staging", "staged", "released", "released-and-taken"])
async def test_a_crash_anywhere_leaves_one_file(office: Office, monkeypatch: pytest.MonkeyPatch, crash: str) -> None:
    claim_id = await office.queue()
    with monkeypatch.context() as broken:
        _break(broken, crash)
        with pytest.raises(Crash):
            await office.send()
    assert len(office.out()) == crash.startswith("released")
    if crash == "released-and-taken":
        assert office.payer.work(Verdict.ACCEPTED) == 1
    await office.clinic.make_due()
    assert await office.send() == [Outcome.DELIVERED]
    office.payer.work(Verdict.ACCEPTED)
    assert office.payer.received == {"000000001": 1}
    assert list((office.partner.outbound / STAGING).iterdir()) == []
    assert [row[0] for row in await office.clinic.attempts(claim_id)] == ["lost", "delivered"]


async def test_a_claim_that_is_out_is_not_written_again(office: Office) -> None:
    claim_id = await office.queue()
    await office.send()
    before = office.out()[0].read_bytes()
    await office.clinic.make_due()
    assert await office.send() == [Outcome.DELIVERED]
    assert [each.read_bytes() for each in office.out()] == [before]
    assert await office.clinic.attempts(claim_id) == [
        ("delivered", 1, None, None),
        ("delivered", 0, None, x12_channel.ALREADY_OUT),
    ]


async def test_control_numbers_are_never_used_again(office: Office) -> None:
    for service in ("99213", "71046", "80053"):
        await office.queue(item=[priced_line(1, "professional", service)])
    await office.send()
    controls = [read_filed_claim(path.read_text()).control for path in office.out()]
    assert sorted(controls) == ["000000001", "000000002", "000000003"]


async def test_without_its_folder_a_lane_is_down_and_nothing_is_taken(office: Office) -> None:
    await office.queue()
    os.rmdir(office.partner.outbound)
    with pytest.raises(ChannelDown) as down:
        await office.send()
    assert down.value.reason == "folder-FileNotFoundError"
    office.partner.outbound.mkdir()
    assert await office.send() == [Outcome.DELIVERED]


async def test_what_x12_cannot_carry_goes_back_with_its_path(office: Office) -> None:
    case = x12_case()
    case.find("Patient")["name"][0]["family"] = "Tilde~Name"
    (claim_id,) = await office.clinic.arrive(coded_chart(final_claim=case.claim, resources=case.others))
    await office.clinic.preparation.prepare_claims()
    view = await office.clinic.overview.get_claim(claim_id)
    assert view.state is State.DRAFT
    assert [(each.edit, each.expression) for each in view.findings] == [
        ("x12-not-carried", "Claim.patient.resolve().name[0].family")
    ]


async def test_a_replacement_names_the_payers_number_of_the_original(office: Office) -> None:
    first = coding()
    await office.clinic.queue(first)
    await office.send()
    office.payer.work(Verdict.ACCEPTED)
    await office.inbox.read_files()
    await office.clinic.queue(coding(first.chart_id, 2))
    await office.send()
    (path,) = office.out()
    assert read_filed_claim(path.read_text()).frequency == "7"
    assert "REF*F8*ICN000000001~" in path.read_text()
    assert is_valid(path.read_text())


async def test_a_void_is_the_original_with_frequency_8_and_the_payers_number(office: Office) -> None:
    first = coding()
    claim_id = await office.clinic.queue(first)
    await office.send()
    sent = read_filed_claim(office.out()[0].read_text())
    office.payer.work(Verdict.ACCEPTED)
    await office.inbox.read_files()
    await office.clinic.withdraw(first.chart_id, 1)
    await office.clinic.preparation.prepare_claims()
    await office.send()
    (path,) = office.out()
    void = read_filed_claim(path.read_text())
    assert (void.frequency, void.charge, void.lines) == ("8", sent.charge, sent.lines)
    assert "REF*F8*ICN000000001~" in path.read_text()
    assert is_valid(path.read_text())
    assert await office.clinic.state(claim_id) is State.PAID
    office.payer.work(Verdict.ACCEPTED)
    await office.inbox.read_files()
    states = await office.clinic.states(claim_id, identify_void(first.chart_id, 1, FILES))
    assert states == [State.VOIDED, State.ACCEPTED]


async def test_a_replacement_waits_until_the_payer_has_told_its_number(office: Office) -> None:
    first = coding()
    await office.clinic.queue(first)
    await office.send()
    files = answer_claim(read_filed_claim(office.out()[0].read_text()), Verdict.ACCEPTED)
    without = re.sub(r"REF\*1K[^~]*~\n", "", files["2.277"]).replace("SE*24*", "SE*23*")
    office.leave("1.277", without)
    await office.inbox.read_files()
    (second,) = await office.clinic.arrive(coding(first.chart_id, 2))
    assert await office.clinic.preparation.prepare_claims() == 0
    office.leave("2.835", files["3.835"])
    await office.inbox.read_files()
    assert await office.clinic.preparation.prepare_claims() == 1
    assert await office.clinic.state(second) is State.QUEUED


def _break(broken: pytest.MonkeyPatch, crash: str) -> None:
    def _die(*_arguments: object) -> None:
        raise Crash

    async def _die_later(*_arguments: object) -> None:
        raise Crash

    if crash == "staging":
        broken.setattr(x12_channel, "_sync", _die)
    elif crash == "staged":
        broken.setattr(x12_channel, "_release", _die)
    else:
        broken.setattr(FileService, "mark_released", _die_later)
