"""Claims as files on real folders and a real database: out once whatever breaks, and back as answers."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.claims import SCHEMA, x12_channel
from services.claims.claim import Channel, PayerId, State, identify_void
from services.claims.payer_channel import ChannelDown
from services.claims.payers import PayerProfile
from services.claims.schedule import Outcome
from services.claims.service import FileService
from services.claims.settings import ClaimsOptions
from services.claims.x12 import answer_file, answers, name_account
from services.claims.x12_channel import STAGING, X12Channel, open_x12_channel
from services.claims.x12_inbox import DONE, QUARANTINE, X12Inbox
from services.simulators.payer_adjudication import Verdict
from services.simulators.payer_x12 import X12Payer, answer_claim, read_filed_claim
from shared.contracts.messages import ChartCoded
from shared.postgres.pool import Pool
from tests.builders.x12_claims import priced_line, x12_case, x12_partner
from tests.integration.claims.conftest import Clinic
from tests.unit.claims.codings import coded_chart
from tests.unit.claims.x12.validator import is_valid

FILES = PayerId("files")


class Crash(Exception):
    """The process ends here."""


class Office:
    """The service with one payer that takes files, and that payer."""

    def __init__(self, pool: Pool, root: Path) -> None:
        self.partner = x12_partner(root)
        self.partner.outbound.mkdir()
        self.partner.inbound.mkdir()
        profile = PayerProfile(channel=Channel.X12, x12=self.partner)
        self.clinic = Clinic(pool, ClaimsOptions(payers={FILES: profile}, default_payer=FILES))
        self.files = FileService(pool, SCHEMA, self.clinic.options, self.clinic.answers)
        self.inbox = X12Inbox(FILES, self.partner, self.files)
        self.payer = X12Payer(self.partner.outbound, self.partner.inbound)
        self.profile = profile

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[X12Channel]:
        """The way to the payer, ready."""
        async with open_x12_channel(self.files, self.profile) as channel:
            await channel.make_ready()
            yield channel

    async def send(self) -> list[str]:
        """Send what is due; returns the outcomes."""
        async with self.channel() as channel:
            taken = await self.clinic.sending.take_due(FILES, 10)
            ended = [(claim, await channel.submit(claim)) for claim in taken]
        await self.clinic.sending.record_attempts(FILES, ended)
        return [end.report.outcome for _, end in ended]

    async def queue(self, **more: Any) -> UUID:
        """Bring a claim to the state queued."""
        return await self.clinic.queue(coding(**more))

    def out(self) -> list[Path]:
        """The files that the payer can take."""
        return sorted(self.partner.outbound.glob("*.837"))

    def leave(self, name: str, content: str | bytes) -> Path:
        """Put a file where the payer leaves its answers."""
        path = self.partner.inbound / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read rows."""
        return [tuple(row) for row in await self.clinic.pool.fetch(sql)]


def coding(chart_id: UUID | None = None, version: int = 1, **more: Any) -> ChartCoded:
    """A coding that X12 can carry."""
    case = x12_case(**more)
    return coded_chart(chart_id, coding_version=version, final_claim=case.claim, resources=case.others)


@pytest.fixture
def office(claims_pool: Pool, tmp_path: Path) -> Office:
    """A payer that takes files."""
    return Office(claims_pool, tmp_path)


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


async def test_a_value_that_no_column_holds_stops_no_other_file(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim_id = await office.queue()
    await office.send()
    good = answer_claim(read_filed_claim(office.out()[0].read_text()), Verdict.ACCEPTED)["3.835"]
    monkeypatch.setattr(answers, "_MOST_DIGITS", 10**9)
    beside = "PLB*1234567893*20261231*WO:X*1E300000~\nSE*18*"
    office.leave("1-bad.835", good.replace("SE*17*", beside, 1))
    office.leave("2-good.835", good)
    assert await office.inbox.read_files() == 2
    assert await office.clinic.state(claim_id) is State.PAID
    assert await office.rows("select reason from claims.x12_file order by file_name") == [("not-storable",), (None,)]


async def test_a_file_counts_once_whatever_its_name(office: Office) -> None:
    await office.queue()
    await office.send()
    files = answer_claim(read_filed_claim(office.out()[0].read_text()), Verdict.ACCEPTED)
    for name in ("first.835", "again.835"):
        office.leave(name, files["3.835"])
        assert await office.inbox.read_files() == 1
    assert await office.rows("select outcome, answers, unmatched from claims.x12_file") == [("read", 1, 0)]
    assert await office.rows("select count(*) from claims.response") == [(1,)]
    assert len(list((office.partner.inbound / DONE).iterdir())) == 2


async def test_a_bad_file_is_put_aside_with_reason_and_place_and_stops_no_other(office: Office) -> None:
    claim_id = await office.queue()
    await office.send()
    files = answer_claim(read_filed_claim(office.out()[0].read_text()), Verdict.ACCEPTED)
    office.leave("a-bad.835", files["3.835"].replace("SE*", "SE*9", 1))
    office.leave("b-good.835", files["3.835"])
    assert await office.inbox.read_files() == 2
    assert await office.clinic.state(claim_id) is State.PAID
    place = f"segment {files['3.835'].split('SE*')[0].count('~') + 1}"
    rows = await office.rows("select outcome, reason, place from claims.x12_file order by file_name")
    assert rows == [("quarantined", "invalid-content", place), ("read", None, None)]
    aside = sorted((office.partner.inbound / QUARANTINE).iterdir())
    assert [each.name.partition("-")[2] for each in aside] == ["a-bad.835", "a-bad.835.reason.json"]
    assert place in aside[1].read_text()


async def test_a_file_from_quarantine_is_read_again_once_the_reader_is_mended(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim_id = await office.queue()
    await office.send()
    text = answer_claim(read_filed_claim(office.out()[0].read_text()), Verdict.ACCEPTED)["3.835"]
    with monkeypatch.context() as broken:
        broken.setattr(answer_file, "_READERS", {})
        office.leave("1.835", text)
        await office.inbox.read_files()
    assert await office.rows("select outcome, place from claims.x12_file") == [("quarantined", "segment 3")]
    for _ in range(2):
        office.leave("1.835", text)
        await office.inbox.read_files()
    assert await office.clinic.state(claim_id) is State.PAID
    assert await office.rows("select outcome, reason, answers from claims.x12_file") == [("read", None, 1)]


async def test_an_unfinished_file_is_left_until_nobody_writes_to_it(office: Office) -> None:
    await office.queue()
    await office.send()
    whole = answer_claim(read_filed_claim(office.out()[0].read_text()), Verdict.ACCEPTED)["3.835"]
    path = office.leave("slow.835", whole[:200])
    office.leave("other.835.part", whole)
    assert await office.inbox.read_files() == 0
    os.utime(path, (0, 0))
    assert await office.inbox.read_files() == 1
    assert await office.rows("select outcome, place from claims.x12_file") == [("quarantined", "IEA")]


async def test_an_answer_to_no_claim_of_this_payer_is_parked(office: Office) -> None:
    claim_id = await office.queue()
    await office.send()
    filed = read_filed_claim(office.out()[0].read_text())
    stranger = replace(filed, account="B" * 20, control="000009999")
    office.leave("1.835", answer_claim(stranger, Verdict.ACCEPTED)["3.835"])
    await office.inbox.read_files()
    assert await office.clinic.state(claim_id) is State.SUBMITTED
    parked = await office.rows(
        "select reason, position('CLP*BBBB' in convert_from(body, 'UTF8')) > 0 from claims.x12_unmatched"
    )
    assert parked == [("unmatched-response", True)]
    (file,) = (await office.files.list_files(outcome="read")).files
    assert (file.payer_id, file.answers, file.unmatched) == (FILES, 1, 1)
    assert (await office.files.list_files(outcome="quarantined")).files == ()
    (shown,) = (await office.files.list_parked()).answers
    assert (shown.sha256, shown.reason) == (file.sha256, "unmatched-response")


async def test_a_payer_does_not_answer_the_claims_of_another(office: Office) -> None:
    claim_id = await office.queue()
    await office.send()
    answer = answer_claim(read_filed_claim(office.out()[0].read_text()), Verdict.DENIED)["3.835"]
    await office.files.receive_file(PayerId("somebody-else"), "x.835", answer.encode())
    assert await office.clinic.state(claim_id) is State.SUBMITTED
    assert await office.rows("select reason from claims.x12_unmatched") == [("unmatched-response",)]


async def test_a_claim_is_found_by_the_payers_number_where_ours_was_lost(office: Office) -> None:
    claim_id = await office.queue()
    await office.send()
    files = answer_claim(read_filed_claim(office.out()[0].read_text()), Verdict.ACCEPTED)
    office.leave("1.277", files["2.277"])
    await office.inbox.read_files()
    office.leave("2.835", files["3.835"].replace(name_account(claim_id), "0"))
    await office.inbox.read_files()
    assert await office.clinic.state(claim_id) is State.PAID


async def test_what_does_not_add_up_is_parked_and_what_is_beside_claims_is_kept(office: Office) -> None:
    claim_id = await office.queue()
    await office.send()
    text = answer_claim(read_filed_claim(office.out()[0].read_text()), Verdict.ACCEPTED)["3.835"]
    broken = text.replace("CAS*CO*45*25.1~", "CAS*CO*45*25~", 1).replace(
        "SE*17*", "PLB*1234567893*20261231*WO:X*-5~\nSE*18*", 1
    )
    assert broken.count("PLB*") == 1
    office.leave("1.835", broken)
    await office.inbox.read_files()
    assert await office.clinic.state(claim_id) is State.SUBMITTED
    assert await office.rows("select reason from claims.x12_unmatched") == [("out-of-balance",)]
    (kept,) = await office.rows("select reason_code, reference, amount from claims.x12_provider_adjustment")
    assert (kept[0], kept[1], float(kept[2])) == ("WO", "X", -5.0)


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
