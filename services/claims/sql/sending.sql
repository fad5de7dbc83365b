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
-- Attempts that are still on their way keep their claims; one that was taken over does not get it back. What is locked
-- is just being recorded.
with held as (
    select claim.claim_id
    from {schema}.claim
    join unnest(:claim_ids::uuid[], :attempts::integer[]) as held (claim_id, attempt)
      on claim.claim_id = held.claim_id and claim.attempts = held.attempt
    where claim.lease_expires_at is not null
    for update of claim skip locked
)
update {schema}.claim
set lease_expires_at = now() + :lease_seconds * interval '1 second'
from held
where claim.claim_id = held.claim_id;

-- name: lock_attempts
-- The claims of attempts that ended, locked in order of id, and whether each attempt still holds its lease.
select claim.claim_id, ended.attempt, claim.state, claim.queued_at, claim.deadline_at, now() as now,
       claim.attempts = ended.attempt and claim.lease_expires_at is not null as held
from {schema}.claim
join unnest(:claim_ids::uuid[], :attempts::integer[]) as ended (claim_id, attempt) using (claim_id)
order by claim.claim_id
for update of claim;

-- name: finish_submissions
-- What became of attempts; also of one that was given up as lost and ended after all.
update {schema}.submission
set outcome = ended.outcome, tries = ended.tries, status_code = ended.status_code, reason = ended.reason,
    issue_codes = coalesce(string_to_array(nullif(ended.issue_codes, ''), ' '), '{}'), finished_at = now()
from unnest(:claim_ids::uuid[], :attempts::integer[], :outcomes::text[], :tries::integer[], :status_codes::integer[],
            :reasons::text[], :issue_codes::text[])
     as ended (claim_id, attempt, outcome, tries, status_code, reason, issue_codes)
where submission.claim_id = ended.claim_id and submission.attempt = ended.attempt
  and submission.outcome in ('started', 'lost');

-- name: plan_attempts
-- State and next attempt of claims whose leases end here.
update {schema}.claim
set state = planned.state, next_attempt_at = planned.next_attempt_at, reason = planned.reason,
    codes = coalesce(string_to_array(nullif(planned.codes, ''), ' '), '{}'), lease_expires_at = null,
    updated_at = now()
from unnest(:claim_ids::uuid[], :states::text[], :next_attempt_ats::timestamptz[], :reasons::text[], :codes::text[])
     as planned (claim_id, state, next_attempt_at, reason, codes)
where claim.claim_id = planned.claim_id;

-- name: end_overdue
-- While a lane sends nothing: its waiting claims whose deadline passed. An operator, or the payer's answer, is next.
with overdue as (
    select claim_id
    from {schema}.claim
    where payer_id = :payer_id and channel = :channel and next_attempt_at is not null and deadline_at <= now()
      and lease_expires_at is null
    for update skip locked
)
update {schema}.claim
set state = case state when 'queued' then 'undelivered' else state end, next_attempt_at = null,
    reason = 'deadline-passed', updated_at = now()
from overdue
where claim.claim_id = overdue.claim_id;

-- name: requeue_claim
-- An operator's order: an undelivered claim gets another term.
update {schema}.claim
set state = 'queued', next_attempt_at = now(), deadline_at = now() + :deadline_seconds * interval '1 second',
    reason = 'requeued', updated_at = now()
where claim_id = :claim_id and state = 'undelivered'
returning claim_id;
