-- name: lock_work_items
-- Hold the work items of these charts, always in the same order, and tell where they stand.
select chart_id, chart_version, state, coding_version
from {schema}.work_item
where chart_id = any(:chart_ids::uuid[])
order by chart_id
for update;

-- name: put_in_queue
-- A chart version newer than the one that the work item is about takes its place, whatever state it is in: a lease ends, holds end,
-- and the engine has it to do, or, for a withdrawn chart, nobody.
insert into {schema}.work_item as item (chart_id, chart_version, state, priority)
select * from unnest(:chart_ids::uuid[], :chart_versions::integer[], :states::text[], :priorities::integer[])
on conflict (chart_id) do update
set chart_version = excluded.chart_version, state = excluded.state,
    lease_token = null, lease_holder = null, lease_expires_at = null,
    attempts = 0, failure_reason = null, holds = 0,
    revision = item.revision + 1, changed_at = now()
where item.chart_version < excluded.chart_version;

-- name: reopen_returned
-- A coding that billing sent back goes to the front, unless the chart has moved on meanwhile.
update {schema}.work_item as item
set state = 'open', priority = least(item.priority, :priority), revision = item.revision + 1, changed_at = now()
from unnest(:chart_ids::uuid[], :coding_versions::integer[]) as returned (chart_id, coding_version)
where item.chart_id = returned.chart_id and item.coding_version = returned.coding_version and item.state = 'completed';

-- name: lease_for_engine
-- The next chart version that no engine process has, or whose engine process has not answered in time.
with head as (
    select work_item_id
    from {schema}.work_item
    where state = 'suggesting' and (lease_expires_at is null or lease_expires_at <= now())
    order by priority, created_at
    limit 1
    for update skip locked
)
update {schema}.work_item as item
set lease_token = gen_random_uuid(), lease_holder = :holder,
    lease_expires_at = now() + :seconds * interval '1 second',
    attempts = item.attempts + 1
from head
where item.work_item_id = head.work_item_id
returning item.work_item_id, item.chart_id, item.chart_version, item.lease_token, item.lease_expires_at, item.attempts;

-- name: open_for_coders
-- The engine has answered; nothing happens when its lease went to another process or the chart changed.
update {schema}.work_item
set state = 'open', lease_token = null, lease_holder = null, lease_expires_at = null, attempts = 0,
    revision = revision + 1, changed_at = now()
where work_item_id = :work_item_id and state = 'suggesting' and lease_token = :token
returning work_item_id;

-- name: fail_work_item
-- The engine cannot do this chart version; it stands aside, visible, and stops nobody.
update {schema}.work_item
set state = 'failed', failure_reason = :reason, lease_token = null, lease_holder = null, lease_expires_at = null,
    revision = revision + 1, changed_at = now()
where work_item_id = :work_item_id and state = 'suggesting' and lease_token = :token
returning work_item_id;

-- name: give_back_to_engine
-- A run that was cut short by a shutdown does not count.
update {schema}.work_item
set lease_token = null, lease_holder = null, lease_expires_at = null, attempts = attempts - 1
where work_item_id = :work_item_id and state = 'suggesting' and lease_token = :token;

-- name: retry_failed
-- The engine gets a failed chart version again.
update {schema}.work_item
set state = 'suggesting', failure_reason = null, attempts = 0, revision = revision + 1, changed_at = now()
where work_item_id = :work_item_id and state = 'failed'
returning state;

-- name: lease_next
-- The most urgent open work item, for one coder alone; items that another transaction is just taking are skipped.
with head as (
    select work_item_id
    from {schema}.work_item
    where state = 'open'
    order by priority, created_at
    limit 1
    for update skip locked
)
update {schema}.work_item as item
set state = 'leased', lease_token = gen_random_uuid(), lease_holder = :holder,
    lease_expires_at = now() + :seconds * interval '1 second',
    revision = item.revision + 1, changed_at = now()
from head
where item.work_item_id = head.work_item_id
returning item.work_item_id, item.chart_id, item.chart_version, item.lease_token, item.lease_expires_at;

-- name: hold_lease
-- Lock the work item of a chart for its rightful holder and renew the lease; no row when it is not theirs any more.
update {schema}.work_item
set lease_expires_at = now() + :seconds * interval '1 second', revision = revision + 1, changed_at = now()
where chart_id = :chart_id and state = 'leased' and lease_token = :token and lease_holder = :holder
  and lease_expires_at > now()
returning work_item_id, chart_id, chart_version, lease_token, lease_expires_at, coding_version;

-- name: release_lease
-- The holder gives the work item back.
update {schema}.work_item
set state = 'open', lease_token = null, lease_holder = null, lease_expires_at = null,
    revision = revision + 1, changed_at = now()
where work_item_id = :work_item_id and state = 'leased' and lease_token = :token and lease_holder = :holder
  and lease_expires_at > now()
returning state;

-- name: return_expired_leases
-- Leases whose time has passed go back to the queue.
with expired as (
    select work_item_id
    from {schema}.work_item
    where state = 'leased' and lease_expires_at <= now()
    order by lease_expires_at
    limit 100
    for update skip locked
)
update {schema}.work_item as item
set state = 'open', lease_token = null, lease_holder = null, lease_expires_at = null,
    revision = item.revision + 1, changed_at = now()
from expired
where item.work_item_id = expired.work_item_id
returning item.work_item_id;

-- name: complete_work_item
-- The chart is coded; the caller holds the row since hold_lease.
update {schema}.work_item
set state = 'completed', coding_version = :coding_version,
    lease_token = null, lease_holder = null, lease_expires_at = null, revision = revision + 1, changed_at = now()
where work_item_id = :work_item_id;

-- name: find_by_chart
-- Where the work item of a chart stands.
select work_item_id, chart_id, chart_version, state, coding_version, revision
from {schema}.work_item
where chart_id = :chart_id;

-- name: find_holder
-- Who has a chart now; its row stays locked, so that a lease cannot begin meanwhile.
select case when state = 'leased' and lease_expires_at > now() then lease_holder end
from {schema}.work_item
where chart_id = :chart_id
for update;

-- name: find_state
-- The state of a work item.
select state from {schema}.work_item where work_item_id = :work_item_id;

-- name: count_states
-- How many work items are in each state.
select state, count(*) as count from {schema}.work_item group by state;
