"""A record that is slow, greedy or deadly is refused by itself, and workers that cannot start are nobody's fault."""

import os
import time

import pytest

from services.ingest import examiner as module
from services.ingest.examiner import Examiner, open_examiner
from services.ingest.intake import Examined, Refusal
from shared.contracts.errors import Unavailable
from shared.contracts.topics import Topic
from shared.kafka.record import Record
from tests.builders import as_bytes, patient

DEADLY = b"deadly"


def record(value: bytes) -> Record:
    return Record(str(Topic.FHIR_RESOURCE), 0, 0, None, value)


def examine_or_die(chunk: list[tuple[str, bytes | None]], _seconds: float) -> list[Examined]:
    """Stands in for a record whose bytes crash an interpreter."""
    if any(value == DEADLY for _, value in chunk):
        os._exit(11)
    return [() for _ in chunk]


async def test_the_answers_are_in_the_order_of_the_records() -> None:
    values = [as_bytes(patient(f"pt-{number}")) if number % 2 else b"broken" for number in range(120)]
    async with open_examiner(2, seconds=20) as examiner:
        answers = await examiner.examine([record(value) for value in values])
    for number, answer in enumerate(answers):
        if number % 2:
            assert isinstance(answer, tuple)
            assert answer[0].key.resource_id == f"pt-{number}"
        else:
            assert answer == Refusal("not-json", None)


def test_a_slow_record_is_refused_and_the_next_is_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    def examine(_topic: str, value: bytes | None) -> Examined:
        while value == b"slow":
            time.sleep(0.001)
        return ()

    monkeypatch.setattr(module, "examine", examine)
    assert module.examine_chunk([("t", b"slow"), ("t", b"quick")], 0.05) == [Refusal(module.TIMED_OUT), ()]


def test_a_greedy_record_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def examine(_topic: str, _value: bytes | None) -> Examined:
        raise MemoryError

    monkeypatch.setattr(module, "examine", examine)
    assert module.examine_chunk([("t", b"x")], 1) == [Refusal(module.OUT_OF_MEMORY)]


async def test_a_deadly_record_is_refused_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "examine_chunk", examine_or_die)
    async with open_examiner(1, seconds=20) as examiner:
        answers = await examiner.examine([record(b"a"), record(DEADLY), record(b"b")])
    assert answers == [(), Refusal(module.CRASHED), ()]


async def test_workers_that_do_not_start_refuse_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "prepare_worker", die_at_once)
    examiner = Examiner(1, seconds=20)
    try:
        with pytest.raises(Unavailable):
            await examiner.examine([record(b"a")])
    finally:
        examiner.close()


def die_at_once() -> None:
    """A worker that cannot even begin."""
    os._exit(12)
