-- name: count_work_items
-- The queue by state.
select state, count(*) as work_items
from coder.work_item
group by state
order by state;

-- name: count_coder_totals
-- What coders and the engine have done.
select (select count(*) from coder.work_item where state <> 'withdrawn') as charts,
       (select count(*) from coder.suggestion) as suggestions,
       (select count(*) from coder.decision) as decisions;

-- name: count_claims
-- Effective claims by state; a void is none, nor what was dropped with its chart.
select state, count(*) as claims
from claims.claim
where superseded_by is null and not is_void and state <> 'voided'
group by state
order by state;

-- name: count_codings_without_claim
-- Codings that claims received and made no claim of, nor of a later coding of the same chart.
select count(*)
from claims.coding
where not exists (
    select from claims.claim
    where claim.chart_id = coding.chart_id and claim.coding_version >= coding.coding_version
);

-- name: count_doubly_effective
-- Charts with more than one effective claim for one payer.
select count(*)
from (
    select chart_id, payer_id
    from claims.claim
    where superseded_by is null and state <> 'voided'
    group by chart_id, payer_id
    having count(*) > 1
) as twice;

-- name: count_stuck_claims
-- Claims that wait for nothing: open, and neither due, nor leased, nor waiting for an answer.
select count(*)
from claims.claim
where superseded_by is null
  and state = 'queued'
  and next_attempt_at is null
  and lease_expires_at is null;

-- name: count_denials
-- What payers denied, what of it nobody has looked at, and what corrected claims have replaced.
select (select count(*) from claims.denial) as denials,
       (select count(*) from claims.denial where status = 'open') as denials_open,
       (select count(*) from claims.claim where state = 'replaced') as claims_replaced;
