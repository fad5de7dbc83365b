-- name: get_claim
-- One claim without its Bundle.
select claim_id, chart_id, coding_version, payer_id, is_void, state, superseded_by, replaces, findings,
       overridden, channel, bundle_sha256, queued_at, deadline_at, attempts, next_attempt_at, reason, codes, created_at, updated_at
from {schema}.claim
where claim_id = :claim_id;

-- name: list_claims
-- Claims in order of id, after the given one; of one state, or of all.
select claim_id, chart_id, coding_version, payer_id, is_void, state, superseded_by, replaces, findings,
       overridden, channel, bundle_sha256, queued_at, deadline_at, attempts, next_attempt_at, reason, codes, created_at, updated_at
from {schema}.claim
where (:state::text is null or state = :state)
  and (:after::uuid is null or claim_id > :after)
order by claim_id
limit :limit;

-- name: list_submissions
-- The attempts of one claim, oldest first, after the given one.
select attempt, channel, outcome, tries, status_code, reason, issue_codes, started_at, finished_at
from {schema}.submission
where claim_id = :claim_id and attempt > :after::bigint
order by attempt
limit :limit;

-- name: count_claims
-- How many claims of each payer are in each state, how many of them are effective, and since when the oldest is there.
select payer_id, channel, state, count(*) as count, count(*) filter (where superseded_by is null) as effective,
       min(updated_at) as oldest
from {schema}.claim
group by payer_id, channel, state
order by payer_id, channel, state;

-- name: count_submissions
-- How many attempts ended in each way.
select outcome, count(*) as count
from {schema}.submission
group by outcome
order by outcome;

-- name: find_unbalanced_charts
-- The ledger's question: charts whose newest coding has not exactly one effective claim, or an older one that has any. A
-- withdrawn chart has none to have; a void is no claim.
select chart.chart_id, count(claim.claim_id) as effective
from {schema}.chart
left join {schema}.claim on claim.chart_id = chart.chart_id and claim.superseded_by is null and not claim.is_void
where chart.coding_version > chart.withdrawn_coding
group by chart.chart_id, chart.coding_version
having count(claim.claim_id) <> 1 or min(claim.coding_version) <> chart.coding_version
order by chart.chart_id
limit :limit;
