-- name: take_ready
-- Claims to scrub and build: the oldest that no unanswered earlier claim of their chart holds back. `original_id` is the
-- earlier claim that the payer holds, which this one replaces there, `original_number` the payer's number of it. X12 has
-- no other name for an original, so there a replacement also waits until the payer has told its number. A void, which
-- is the same Bundle taken back, waits for the claims of its payer alone.
select claim.claim_id, claim.chart_id, claim.coding_version, claim.payer_id, claim.is_void, coding.event,
       original.claim_id as original_id, original.payer_claim_number as original_number,
       case when claim.is_void then original.bundle end as original_bundle
from {schema}.claim
join {schema}.coding using (chart_id, coding_version)
left join lateral (
    select earlier.claim_id, earlier.channel, earlier.bundle, (
        select response.payer_claim_number
        from {schema}.response
        where response.claim_id = earlier.claim_id and response.payer_claim_number is not null
        order by response.response_id desc
        limit 1
    ) as payer_claim_number
    from {schema}.claim as earlier
    where earlier.chart_id = claim.chart_id
      and earlier.payer_id = claim.payer_id
      and not earlier.is_void
      and (earlier.coding_version < claim.coding_version
           or claim.is_void and earlier.coding_version = claim.coding_version)
      and earlier.state in ('pended', 'accepted', 'paid', 'partially_denied')
    order by earlier.coding_version desc
    limit 1
) as original on true
where claim.state = 'ready'
  and (original.channel is distinct from 'x12' or original.payer_claim_number is not null)
  and not exists (
      select from {schema}.claim as earlier
      where earlier.chart_id = claim.chart_id
        and earlier.claim_id <> claim.claim_id
        and earlier.state in ('queued', 'submitted', 'undelivered')
        and case when claim.is_void
                 then earlier.payer_id = claim.payer_id and earlier.coding_version <= claim.coding_version
                 else earlier.coding_version < claim.coding_version end
  )
order by claim.created_at
limit :limit
for update of claim skip locked;

-- name: queue_claims
-- Fix bytes and destination, and make the claims due.
update {schema}.claim
set state = 'queued', channel = built.channel, endpoint = built.endpoint, bundle = built.bundle,
    bundle_sha256 = built.bundle_sha256, findings = built.findings::jsonb, overridden = built.overridden::jsonb,
    replaces = built.replaces,
    queued_at = now(), next_attempt_at = now(), deadline_at = now() + built.deadline_seconds * interval '1 second',
    updated_at = now()
from unnest(:claim_ids::uuid[], :channels::text[], :endpoints::text[], :bundles::bytea[], :bundle_sha256s::text[],
            :findings::text[], :overriddens::text[], :replaces::uuid[], :deadline_seconds::double precision[])
     as built (claim_id, channel, endpoint, bundle, bundle_sha256, findings, overridden, replaces, deadline_seconds)
where claim.claim_id = built.claim_id and claim.state = 'ready';

-- name: draft_claims
-- Claims with errors wait for the coder.
update {schema}.claim
set state = 'draft', findings = scrubbed.findings::jsonb, updated_at = now()
from unnest(:claim_ids::uuid[], :findings::text[]) as scrubbed (claim_id, findings)
where claim.claim_id = scrubbed.claim_id and claim.state = 'ready';

-- name: drop_voids
-- Voids of what the payer turned out not to hold.
update {schema}.claim
set state = 'voided', reason = 'nothing-to-void', updated_at = now()
where claim_id = any(:claim_ids::uuid[]) and state = 'ready' and is_void;
