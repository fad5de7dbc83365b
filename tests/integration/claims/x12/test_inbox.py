"""Files of a payer, on real folders and a real database: each counts once, and a bad one stops no other."""

import os
from dataclasses import replace

import pytest

from services.claims.claim import PayerId, State
from services.claims.x12 import answer_file, answers, name_account
from services.claims.x12_inbox import DONE, QUARANTINE
from services.simulators.payer_adjudication import Verdict
from services.simulators.payer_x12 import answer_claim, read_filed_claim
from tests.integration.claims.x12.conftest import FILES, Office


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
