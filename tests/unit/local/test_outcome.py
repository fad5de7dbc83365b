from collections.abc import Mapping

import pytest

from services.ledger import Ledger
from services.local.outcome import Expected, Outcome

TOTALS = {
    "events_in": 10,
    "charts": 4,
    "suggestions": 9,
    "decisions": 12,
    "claims_delivered": 4,
    "claims_answered": 4,
    "claims_accepted": 3,
    "claims_paid": 2,
    "claims_denied": 1,
    "claims_replaced": 2,
    "denials": 3,
    "denials_open": 0,
    "quarantined": 0,
}


def make_outcome(
    *,
    totals: Mapping[str, int] | None = None,
    work_items: Mapping[str, int] | None = None,
    findings: tuple[str, ...] = (),
    in_flight: tuple[str, ...] = (),
) -> Outcome:
    ledger = Ledger(
        rooms=(),
        routes=(),
        work_items=work_items or {"completed": 4},
        claims={},
        totals={**TOTALS, **(totals or {})},
        findings=findings,
        in_flight=in_flight,
    )
    return Outcome(ledger, Expected(events=10, charts=4))


def test_when_all_is_done_nothing_is_unaccounted_for() -> None:
    outcome = make_outcome()

    assert outcome.complete
    assert outcome.as_json() == {
        "events_in": 10,
        "charts": 4,
        "suggestions": 9,
        "decisions": 12,
        "claims_delivered": 4,
        "claims_accepted": 3,
        "claims_paid": 2,
        "claims_denied": 1,
        "claims_replaced": 2,
        "denials": 3,
        "quarantined": 0,
        "ledger_balanced": True,
    }


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (make_outcome(totals={"events_in": 9}), "9 of 10 events have an outcome"),
        (make_outcome(totals={"charts": 3, "claims_answered": 3}), "3 of 4 charts are there"),
        (make_outcome(totals={"claims_answered": 3}), "3 of 4 claims are answered"),
        (make_outcome(totals={"denials_open": 2}), "2 denials wait for a step"),
        (make_outcome(work_items={"completed": 3, "failed": 1}), "1 charts are failed"),
        (make_outcome(in_flight=("claims: 1 queued",)), "claims: 1 queued"),
        (make_outcome(findings=("ingest: 1 lost",)), "ingest: 1 lost"),
    ],
)
def test_what_is_missing_is_named(outcome: Outcome, line: str) -> None:
    assert outcome.unaccounted == (line,)
    assert not outcome.complete


def test_a_finding_unbalances_the_ledger() -> None:
    assert make_outcome(findings=("ingest: 1 lost",)).as_json()["ledger_balanced"] is False
