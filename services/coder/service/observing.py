"""Compares a coder's coding with what the automation would have coded, and takes a service line back over it.

Place in the flow: `completing` calls it in its own transaction. Invariants: the automation's answer was stored before
the coder had the chart; one chart version is one observation; who accepted a seed agrees with nothing, for an
acceptance that reads nothing shows nothing.
"""

from collections.abc import Sequence

from services.coder.automation.answer import Answer
from services.coder.automation.modes import LineStanding, Mode, assess_trial
from services.coder.automation.policy import AutomationPolicy
from services.coder.coding import Coding
from services.coder.store import automation
from services.coder.work_item import ChartId
from shared.postgres.pool import Connection

AUTOMATION = "automation"
"""The subject under which the automation acts."""


async def observe_coding(
    connection: Connection,
    policy: AutomationPolicy,
    chart_id: ChartId,
    chart_version: int,
    codings: Sequence[Coding],
    *,
    missed_seed: bool,
) -> None:
    """Observe a coding that a person has finished, where the automation has an answer to compare."""
    found = await automation.find_answer(connection, chart_id, chart_version)
    if found is None:
        return
    service_line, answer = found
    await automation.lock_line(connection, service_line)
    agreed = answer == Answer.of(codings) and not missed_seed
    await automation.observe_answer(connection, chart_id, chart_version, agreed=agreed)
    await _reconsider(connection, policy, await automation.lock_line(connection, service_line))


async def _reconsider(connection: Connection, policy: AutomationPolicy, line: LineStanding) -> None:
    if line.mode is not Mode.ACTIVE or line.trial is None:
        return
    recent = await automation.list_recent(connection, line.trial, policy.drift_window)
    assessment = assess_trial(line.trial, recent, policy)
    if not assessment.allows_closing:
        why = assessment.say_why_not()
        await automation.change_line(
            connection, line.service_line, Mode.SUSPENDED, line.trial, changed_by=AUTOMATION, why=why
        )
