"""Engine processes: answers come back, and what ends a process ends nothing else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from multiprocessing import active_children
from multiprocessing.process import BaseProcess

import pytest

from services.coder.engine.learned import NOTHING_LEARNED
from services.coder.engine.model import Chart, Document
from services.coder.engine_worker import EngineFailed, EngineWorker
from services.coder.work_item import FailureReason
from shared.contracts.errors import Unavailable
from tests.integration.coder import engines

OTHERS: set[BaseProcess] = set()


def chart_saying(text: str) -> Chart:
    return Chart(documents=(Document("d", 1, text),))


@pytest.fixture(autouse=True)
def others() -> Iterator[set[BaseProcess]]:
    """Processes of other tests, which may still be ending."""
    OTHERS.update(active_children())
    yield OTHERS
    OTHERS.clear()


def list_processes() -> list[BaseProcess]:
    return [process for process in active_children() if process not in OTHERS]


@pytest.fixture
async def worker() -> AsyncIterator[EngineWorker]:
    worker = EngineWorker(engines.FACTORY, chart_limit_seconds=30, start_limit_seconds=60)
    yield worker
    worker.close()


async def test_a_chart_goes_in_and_suggestions_come_out(worker: EngineWorker) -> None:
    answer = await worker.suggest(chart_saying("pneumonia " + "x" * 1_000_000))
    assert answer.version == engines.VERSION == worker.version
    assert [suggestion.code for suggestion in answer.suggestions] == ["J18.9"]


async def test_the_process_has_what_was_learned_when_the_chart_was_read_even_after_a_crash(
    worker: EngineWorker,
) -> None:
    taught = NOTHING_LEARNED.learn("pneumonia>J18.9", "", kept=True)
    for state in (NOTHING_LEARNED, taught, taught, NOTHING_LEARNED, taught):
        answer = await worker.suggest(replace(chart_saying("pneumonia"), learned=state))
        assert answer.version.learned == state.content_hash
    with pytest.raises(EngineFailed):
        await worker.suggest(replace(chart_saying("crash"), learned=taught))
    answer = await worker.suggest(replace(chart_saying("pneumonia"), learned=taught))
    assert answer.version.learned == taught.content_hash


async def test_a_crash_fails_its_chart_only(worker: EngineWorker) -> None:
    with pytest.raises(EngineFailed) as failed:
        await worker.suggest(chart_saying("crash"))
    assert failed.value.reason is FailureReason.ENGINE_CRASHED
    assert worker.version is None
    assert (await worker.suggest(chart_saying("pneumonia"))).suggestions


async def test_a_chart_over_its_limit_is_ended_with_its_process() -> None:
    worker = EngineWorker(engines.FACTORY, chart_limit_seconds=0.2, start_limit_seconds=60)
    with pytest.raises(EngineFailed) as failed:
        await worker.suggest(chart_saying("hang"))
    assert failed.value.reason is FailureReason.ENGINE_TIMEOUT
    assert list_processes() == []
    worker.close()


async def test_an_error_fails_its_chart_says_no_content_and_keeps_the_process(worker: EngineWorker) -> None:
    await worker.start()
    before = len(list_processes())
    with pytest.raises(EngineFailed) as failed:
        await worker.suggest(chart_saying("raise Jane Doe"))
    assert failed.value.reason is FailureReason.ENGINE_ERROR
    assert failed.value.error_class == "ValueError"
    assert "Jane" not in str(failed.value)
    assert worker.version == engines.VERSION
    assert len(list_processes()) == before


async def test_the_event_loop_is_free_while_a_chart_takes_its_time(worker: EngineWorker) -> None:
    await worker.start()
    hanging = asyncio.create_task(worker.suggest(chart_saying("hang")))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not hanging.done()
    worker.kill()
    with pytest.raises(EngineFailed):
        await hanging


async def test_an_idle_process_that_was_killed_is_replaced_without_failing_a_chart(worker: EngineWorker) -> None:
    await worker.start()
    (process,) = list_processes()
    process.kill()
    process.join(30)
    assert (await worker.suggest(chart_saying("pneumonia"))).suggestions


async def test_an_engine_that_cannot_be_built_is_unavailable() -> None:
    worker = EngineWorker(engines.BROKEN_FACTORY, chart_limit_seconds=30, start_limit_seconds=60)
    with pytest.raises(Unavailable):
        await worker.start()
    assert list_processes() == []
    worker.close()
