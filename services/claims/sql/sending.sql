-- name: take_due
-- Lease the claims of one lane that are due and begin an attempt of each. An attempt that a dead process left behind is
-- closed as lost. The number of the attempt fences what is written about it.
with due as (
    select claim_id
    from {schema}.claim
    where payer_id = :payer_id and channel = :channel and next_attempt_at <= now()
      and (lease_expires_at is null or lease_expires_at <= now())
    order by next_attempt_at
    limit :limit
    for update skip locked
),
lost as (
    update {schema}.submission
    set outcome = 'lost', finished_at = now()
    where outcome = 'started' and claim_id in (select claim_id from due)
),
taken as (
    update {schema}.claim
    set attempts = attempts + 1, lease_expires_at = now() + :lease_seconds * interval '1 second', updated_at = now()
    where claim_id in (select claim_id from due)
    returning claim_id, payer_id, endpoint, bundle, attempts, state, queued_at, deadline_at
),
begun as (
    insert into {schema}.submission (claim_id, attempt, channel, outcome)
    select claim_id, attempts, :channel, 'started' from taken
)
select claim_id, payer_id, endpoint, bundle, attempts as attempt, state, queued_at, deadline_at, now() as now
from taken;

-- name: renew_leases
-- Attempts that are still on their way keep their claims; one that was taken over does not get it back.
update {schema}.claim
set lease_expires_at = now() + :lease_seconds * interval '1 second'
from unnest(:claim_ids::uuid[], :attempts::integer[]) as held (claim_id, attempt)
where claim.claim_id = held.claim_id and claim.attempts = held.attempt and claim.lease_expires_at is not null;

-- name: finish_submission
-- What became of an attempt; also of one that was given up as lost and ended after all.
update {schema}.submission
set outcome = :outcome, tries = :tries, status_code = :status_code, reason = :reason,
    issue_codes = :issue_codes::text[], finished_at = now()
where claim_id = :claim_id and attempt = :attempt and outcome in ('started', 'lost');

-- name: finish_delivered
-- Attempts of a batch that the outbox took over.
update {schema}.submission
set outcome = 'delivered', tries = 1, finished_at = now()
from unnest(:claim_ids::uuid[], :attempts::integer[]) as sent (claim_id, attempt)
where submission.claim_id = sent.claim_id and submission.attempt = sent.attempt;

-- name: lock_attempt
-- The claim of an attempt, if the attempt still holds its lease.
select state, queued_at, deadline_at, now() as now
from {schema}.claim
where claim_id = :claim_id and attempts = :attempt and lease_expires_at is not null
for update;

-- name: plan_attempts
-- State and next attempt of claims whose leases end here.
update {schema}.claim
set state = planned.state, next_attempt_at = planned.next_attempt_at, reason = planned.reason, codes = :codes::text[],
    lease_expires_at = null, updated_at = now()
from unnest(:claim_ids::uuid[], :states::text[], :next_attempt_ats::timestamptz[], :reasons::text[])
     as planned (claim_id, state, next_attempt_at, reason)
where claim.claim_id = planned.claim_id;

-- name: requeue_claim
-- An operator's order: an undelivered claim gets another term.
update {schema}.claim
set state = 'queued', next_attempt_at = now(), deadline_at = now() + :deadline_seconds * interval '1 second',
    reason = 'requeued', updated_at = now()
where claim_id = :claim_id and state = 'undelivered'
returning claim_id;
