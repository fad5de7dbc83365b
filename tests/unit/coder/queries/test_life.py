"""The clock of a sent query: reminders, one escalation, the end."""

from datetime import UTC, datetime, timedelta

from services.coder.queries.life import QueryEvent, QueryPolicy, plan_follow_up, plan_next_look, start_clock

NOW = datetime(2026, 9, 2, tzinfo=UTC)
POLICY = QueryPolicy(answer_days=7, remind_days=2, escalate_after=2)


def test_a_query_is_reminded_escalated_and_given_up_in_this_order() -> None:
    clock = start_clock(NOW, POLICY)
    moment = NOW
    steps: list[tuple[int, QueryEvent]] = []
    while not steps or steps[-1][1] is not QueryEvent.UNANSWERED:
        moment = plan_next_look(clock, moment, POLICY)
        step = plan_follow_up(clock, moment, POLICY)
        steps.append(((moment - NOW).days, step))
        clock = type(clock)(clock.due_at, clock.reminders + 1, clock.escalated or step is QueryEvent.ESCALATED)
    assert steps == [
        (2, QueryEvent.REMINDED),
        (4, QueryEvent.REMINDED),
        (6, QueryEvent.ESCALATED),
        (7, QueryEvent.UNANSWERED),
    ]


def test_who_looks_late_takes_one_step_and_never_catches_up_with_a_flood() -> None:
    clock = start_clock(NOW, POLICY)
    late = NOW + timedelta(days=5)
    assert plan_follow_up(clock, late, POLICY) is QueryEvent.REMINDED
    assert plan_next_look(clock, late, POLICY) == clock.due_at
