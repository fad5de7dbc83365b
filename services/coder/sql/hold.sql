-- name: hold_work_item
-- Take a chart off the queue for one more hold; a lease on it ends. No row where there is nothing to pause.
update {schema}.work_item
set state = 'on-hold', holds = holds + 1, lease_token = null, lease_holder = null, lease_expires_at = null,
    revision = revision + 1, changed_at = now()
where chart_id = :chart_id and state in ('open', 'leased', 'on-hold')
returning chart_version;

-- name: insert_hold
-- Say why a chart waits and when somebody looks again.
insert into {schema}.hold (chart_id, chart_version, reason, note, review_on, placed_by)
values (:chart_id, :chart_version, :reason, :note, :review_on, :placed_by)
returning *;

-- name: find_hold
-- One hold.
select * from {schema}.hold where hold_id = :hold_id;

-- name: list_holds_of_chart
-- The holds that a chart has or had, the first one first.
select * from {schema}.hold
where chart_id = :chart_id
  and (:after_at::timestamptz is null or (placed_at, hold_id) > (:after_at, :after_id::uuid))
order by placed_at, hold_id
limit :limit::integer;

-- name: list_holds_to_review
-- A page of effective holds whose day of review has come, within the caller's reach, the longest overdue first.
select hold.*, lane.default_list
from {schema}.hold
join {schema}.work_item as item using (chart_id)
join {schema}.lanes_within(:caller, :lists::text[], :facilities::text[], :clearances::text[], false) as lane
    using (lane_id)
where hold.lifted_at is null and hold.review_on <= :due_by
  and (hold.review_on, hold.hold_id) > (:after_day::date, :after_id::uuid)
  and item.patient <> all(:own_records::text[])
order by hold.review_on, hold.hold_id
limit :limit;

-- name: end_hold
-- The reason is gone; the caller holds the work item's row.
update {schema}.hold
set lifted_by = :lifted_by, lifted_at = now(), lifted_why = 'settled'
where hold_id = :hold_id and lifted_at is null
returning *;

-- name: drop_hold
-- One hold fewer: after the last one the chart is open again.
update {schema}.work_item
set holds = holds - 1, state = case holds when 1 then 'open' else state end,
    revision = revision + 1, changed_at = now()
where chart_id = :chart_id and state = 'on-hold';

-- name: wake_charts
-- A newer chart version ends all holds of its chart; the caller puts the work item where it belongs.
update {schema}.hold
set lifted_by = :lifted_by, lifted_at = now(), lifted_why = woken.why
from unnest(:chart_ids::uuid[], :whys::text[]) as woken (chart_id, why)
where hold.chart_id = woken.chart_id and hold.lifted_at is null;
