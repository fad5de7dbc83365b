"""A record that is slow, greedy or deadly is refused by itself, and workers that cannot start are nobody's fault."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
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


SERVICE = """
import asyncio, multiprocessing, os, signal
from services.ingest.examiner import Examiner
from shared.kafka.record import Record

async def main():
    examiner = Examiner(2, seconds=20)
    await examiner.examine([Record("fhir.resource.v1", 0, number, None, b"{}") for number in range(120)])
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_no_worker_outlives_a_service_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "service.py"
    script.write_text(SERVICE)
    environment = {**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[2])}
    ended = subprocess.run([sys.executable, str(script)], env=environment, stdout=subprocess.PIPE, check=False)
    assert ended.returncode == -signal.SIGKILL
    workers = [int(pid) for pid in ended.stdout.split()]
    assert workers
    deadline = time.monotonic() + 30
    while any(is_running(pid) for pid in workers):
        assert time.monotonic() < deadline, "a worker lives on"
        time.sleep(0.05)


async def test_closing_does_not_wait_for_what_is_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "examine_chunk", examine_for_ever)
    examiner = Examiner(1, seconds=20)
    in_hand = asyncio.create_task(examiner.examine([record(b"a")]))
    await asyncio.sleep(0.5)
    in_hand.cancel()
    await asyncio.wait_for(asyncio.to_thread(examiner.close), timeout=30)


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def examine_for_ever(_chunk: list[tuple[str, bytes | None]], _seconds: float) -> list[Examined]:
    """Stands in for a record that takes very long."""
    while True:
        time.sleep(1)


def die_at_once(_leash: object) -> None:
    """A worker that cannot even begin."""
    os._exit(12)
