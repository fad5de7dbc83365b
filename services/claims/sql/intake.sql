-- name: lock_charts
-- Lock the charts of a batch, in order of id, and say which coding of each is the newest.
insert into {schema}.chart as chart (chart_id, coding_version)
select chart_id, 0
from unnest(:chart_ids::uuid[]) as known (chart_id)
order by chart_id
on conflict (chart_id) do update set coding_version = chart.coding_version
returning chart_id, coding_version;

-- name: find_codings
-- What is known of these codings.
select coding.chart_id, coding.coding_version, coding.claim_sha256
from {schema}.coding
join unnest(:chart_ids::uuid[], :coding_versions::integer[]) as wanted (chart_id, coding_version)
  using (chart_id, coding_version);

-- name: insert_codings
-- Keep codings as they arrived.
insert into {schema}.coding (chart_id, coding_version, chart_version, claim_sha256, event)
select *
from unnest(:chart_ids::uuid[], :coding_versions::integer[], :chart_versions::integer[], :claim_sha256s::text[],
            :events::bytea[]);

-- name: advance_charts
-- Remember the newest coding of each chart.
update {schema}.chart
set coding_version = newest.coding_version
from unnest(:chart_ids::uuid[], :coding_versions::integer[]) as newest (chart_id, coding_version)
where chart.chart_id = newest.chart_id;

-- name: supersede_claims
-- The effective claims of these charts give way. One that was never sent is voided; one that may be at the payer goes on
-- until it is answered.
update {schema}.claim
set superseded_by = newer.claim_id,
    state = case when attempts = 0 then 'voided' else state end,
    next_attempt_at = case when attempts = 0 then null else next_attempt_at end,
    updated_at = now()
from unnest(:chart_ids::uuid[], :claim_ids::uuid[]) as newer (chart_id, claim_id)
where claim.chart_id = newer.chart_id and claim.superseded_by is null;

-- name: insert_claims
-- New claims; one that a later coding of the same batch supersedes is voided from the start.
insert into {schema}.claim (claim_id, chart_id, coding_version, payer_id, state, superseded_by)
select claim_id, chart_id, coding_version, payer_id, case when superseded_by is null then 'ready' else 'voided' end,
       superseded_by
from unnest(:claim_ids::uuid[], :chart_ids::uuid[], :coding_versions::integer[], :payer_ids::text[],
            :superseded_bys::uuid[]) as new (claim_id, chart_id, coding_version, payer_id, superseded_by);
