-- name: lock_charts
-- Lock the charts of a batch, in order of id, and say which coding of each is the newest, and which was withdrawn.
insert into {schema}.chart as chart (chart_id, coding_version)
select chart_id, 0
from unnest(:chart_ids::uuid[]) as known (chart_id)
order by chart_id
on conflict (chart_id) do update set coding_version = chart.coding_version
returning chart_id, coding_version, withdrawn_coding;

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
-- until it is answered. A void gives way to a claim for its own payer only, which then replaces what it would have voided.
update {schema}.claim
set superseded_by = newer.claim_id,
    state = case when attempts = 0 then 'voided' else state end,
    next_attempt_at = case when attempts = 0 then null else next_attempt_at end,
    updated_at = now()
from unnest(:chart_ids::uuid[], :claim_ids::uuid[], :payer_ids::text[]) as newer (chart_id, claim_id, payer_id)
where claim.chart_id = newer.chart_id and claim.superseded_by is null
  and (not claim.is_void or claim.payer_id = newer.payer_id);

-- name: insert_claims
-- New claims; one that a later coding of the same batch supersedes is voided from the start.
insert into {schema}.claim (claim_id, chart_id, coding_version, payer_id, state, superseded_by)
select claim_id, chart_id, coding_version, payer_id, case when superseded_by is null then 'ready' else 'voided' end,
       superseded_by
from unnest(:claim_ids::uuid[], :chart_ids::uuid[], :coding_versions::integer[], :payer_ids::text[],
            :superseded_bys::uuid[]) as new (claim_id, chart_id, coding_version, payer_id, superseded_by);

-- name: find_held
-- Payers that hold, or may hold, claims of these charts and are not about to be told otherwise: all of them, but for the
-- payer that `payer_ids` names beside the chart.
select distinct held.chart_id, held.payer_id
from {schema}.claim as held
join unnest(:chart_ids::uuid[], :payer_ids::text[]) as moved (chart_id, payer_id)
  on moved.chart_id = held.chart_id and held.payer_id is distinct from moved.payer_id
where not held.is_void
  and held.attempts > 0
  and held.state in ('queued', 'submitted', 'undelivered', 'pended', 'accepted', 'paid', 'partially_denied')
  and not exists (
      select from {schema}.claim as void
      where void.is_void and void.chart_id = held.chart_id and void.payer_id = held.payer_id
        and void.superseded_by is null
        and void.state in ('ready', 'queued', 'submitted', 'undelivered', 'pended')
  );

-- name: withdraw_charts
-- Nothing up to this coding of these charts is to be billed any more.
update {schema}.chart
set withdrawn_coding = withdrawn.coding_version
from unnest(:chart_ids::uuid[], :coding_versions::integer[]) as withdrawn (chart_id, coding_version)
where chart.chart_id = withdrawn.chart_id;

-- name: drop_unsent
-- What of these charts was never sent is dropped.
update {schema}.claim
set state = 'voided', next_attempt_at = null, reason = 'chart-withdrawn', updated_at = now()
where chart_id = any(:chart_ids::uuid[]) and superseded_by is null and attempts = 0 and not is_void;

-- name: give_way_to_voids
-- A claim that is taken back leaves the stage for its void.
update {schema}.claim
set superseded_by = void.claim_id, updated_at = now()
from unnest(:claim_ids::uuid[], :chart_ids::uuid[], :payer_ids::text[]) as void (claim_id, chart_id, payer_id)
where claim.chart_id = void.chart_id and claim.payer_id = void.payer_id and claim.superseded_by is null;

-- name: insert_voids
-- Voids, to be built from what the payer holds.
insert into {schema}.claim (claim_id, chart_id, coding_version, payer_id, state, is_void)
select claim_id, chart_id, coding_version, payer_id, 'ready', true
from unnest(:claim_ids::uuid[], :chart_ids::uuid[], :coding_versions::integer[], :payer_ids::text[])
     as void (claim_id, chart_id, coding_version, payer_id)
on conflict do nothing;
