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
insert into {schema}.work_item as item (
    chart_id, chart_version, state, lane_id, patient, due_at, charge_hours, flag_hours, complexity_hours, rank_facts
)
select chart_id, chart_version, state, lane_id, patient, due_at, charge_hours, flag_hours, complexity_hours,
       rank_facts::jsonb
from unnest(
    :chart_ids::uuid[], :chart_versions::integer[], :states::text[], :lane_ids::integer[], :patients::text[],
    :due_ats::timestamptz[], :charge_hours::integer[], :flag_hours::integer[], :complexity_hours::integer[],
    :rank_facts::text[]
) as placed (
    chart_id, chart_version, state, lane_id, patient, due_at, charge_hours, flag_hours, complexity_hours, rank_facts
)
on conflict (chart_id) do update
set chart_version = excluded.chart_version, state = excluded.state,
    lease_token = null, lease_holder = null, lease_expires_at = null,
    attempts = 0, failure_reason = null, holds = 0,
    lane_id = excluded.lane_id, patient = excluded.patient, due_at = excluded.due_at,
    charge_hours = excluded.charge_hours, flag_hours = excluded.flag_hours,
    complexity_hours = excluded.complexity_hours, rank_facts = excluded.rank_facts,
    revision = item.revision + 1, changed_at = now()
where item.chart_version < excluded.chart_version;

-- name: set_complexity
-- What the engine found makes a chart more or less work.
update {schema}.work_item
set complexity_hours = :complexity_hours, rank_facts = rank_facts || :rank_facts::jsonb
where chart_id = :chart_id;

-- name: reopen_returned
-- A coding that billing sent back goes to the front, unless the chart has moved on meanwhile.
update {schema}.work_item as item
set state = 'open', raised_hours = :raised_hours, raised_why = '{returned-by-billing}',
    revision = item.revision + 1, changed_at = now()
from unnest(:chart_ids::uuid[], :coding_versions::integer[]) as returned (chart_id, coding_version)
where item.chart_id = returned.chart_id and item.coding_version = returned.coding_version and item.state = 'completed';

-- name: lease_for_engine
-- The next chart version that no engine process has, or whose engine process has not answered in time.
with head as (
    select work_item_id
    from {schema}.work_item
    where state = 'suggesting' and (lease_expires_at is null or lease_expires_at <= now())
    order by urgent_by, arrival
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
-- The most urgent chart that a coder may take, for that coder alone; run once for each caller of a batch, in order.
-- What a lead assigned comes first. Then the first places of the whole queue are read until one is within reach: the
-- first that is belongs to the lane whose head is the most urgent. Only where none is, or where somebody else has all of
-- those lanes locked (`again`), the heads of all lanes within reach are compared. Of the most urgent lane the first chart
-- that no other transaction is taking is locked, and no other row. The lease need not survive a crash of the server:
-- after one the chart is open and the token worth nothing, and whatever was stored under the lease was flushed after it.
with own as materialized (
    select :own_records::text[] || coalesce(
        (select own_records from {schema}.coder where subject = :holder::text), '{}'
    ) as records, set_config('synchronous_commit', 'off', true)
),
reach as materialized (
    select lane_id
    from {schema}.lanes_within(:holder, :lists::text[], :facilities::text[], :clearances::text[], true)
),
front as materialized (
    select place.lane_id, place.urgent_by, place.arrival
    from (
        select item.lane_id, item.urgent_by, item.arrival, item.patient
        from {schema}.work_item as item
        where item.state = 'open' and item.assigned_to is null
        order by item.urgent_by, item.arrival
        limit 64
    ) as place
    where place.lane_id = any((select array_agg(lane_id) from reach)::integer[])
      and place.patient <> all((select records from own)::text[])
    order by place.urgent_by, place.arrival
    limit 4
),
head as (
    select front.* from front
    union all
    select reach.lane_id, first.urgent_by, first.arrival
    from reach
    cross join lateral (
        select item.urgent_by, item.arrival
        from {schema}.work_item as item
        where item.state = 'open' and item.assigned_to is null and item.lane_id = reach.lane_id
          and item.patient <> all((select records from own)::text[])
        order by item.urgent_by, item.arrival
        limit 1
    ) as first
    where :again or not exists (select from front)
),
assigned as (
    select item.work_item_id
    from {schema}.work_item as item
    join {schema}.lane using (lane_id)
    where item.state = 'open' and item.assigned_to = :holder and lane.restrictions <@ :clearances
      and item.patient <> all((select records from own)::text[])
    order by item.urgent_by, item.arrival
    limit 1
    for update of item skip locked
),
unassigned as (
    select item.work_item_id
    from (select lane_id, urgent_by, arrival from head order by urgent_by, arrival) as head
    cross join lateral (
        select first.work_item_id
        from {schema}.work_item as first
        where first.state = 'open' and first.assigned_to is null and first.lane_id = head.lane_id
          and first.patient <> all((select records from own)::text[])
        order by first.urgent_by, first.arrival
        limit 1
        for update skip locked
    ) as item
    where not exists (select from assigned)
    order by head.urgent_by, head.arrival
    limit 1
)
update {schema}.work_item as item
set state = 'leased', lease_token = gen_random_uuid(), lease_holder = :holder,
    lease_expires_at = now() + :seconds * interval '1 second',
    revision = item.revision + 1, changed_at = now()
from (select work_item_id from assigned union all select work_item_id from unassigned) as taken
where item.work_item_id = taken.work_item_id
returning :caller::integer as caller, item.work_item_id, item.chart_id, item.chart_version, item.lease_token,
          item.lease_expires_at;

-- name: has_open
-- Whether anything that a coder may take is open, be it locked by another transaction or not; no row where nothing is.
select :caller::integer as caller
where exists (
    select from {schema}.work_item as item
    join {schema}.lane using (lane_id)
    where item.state = 'open' and item.assigned_to = :holder::text and lane.restrictions <@ :clearances
) or exists (
    select from {schema}.lanes_within(:holder, :lists::text[], :facilities::text[], :clearances::text[], true) as reach
    join {schema}.work_item as item on item.lane_id = reach.lane_id and item.state = 'open' and item.assigned_to is null
);

-- name: hold_lease
-- Lock the work item of a chart for its rightful holder and renew the lease; no row when it is not theirs any more.
update {schema}.work_item
set lease_expires_at = now() + :seconds * interval '1 second', revision = revision + 1, changed_at = now()
where chart_id = :chart_id and state = 'leased' and lease_token = :token and lease_holder = :holder
  and lease_expires_at > now()
returning work_item_id, chart_id, chart_version, lease_token, lease_expires_at, coding_version;

-- name: find_held
-- A lease that its holder still has.
select work_item_id, chart_id, chart_version, lease_token, lease_expires_at
from {schema}.work_item
where work_item_id = :work_item_id and state = 'leased' and lease_token = :token and lease_holder = :holder
  and lease_expires_at > now();

-- name: renew_lease
-- Reading is activity too: the holder's lease lasts longer. When the holder first saw the chart is kept.
with renewed as (
    update {schema}.work_item
    set lease_expires_at = now() + :seconds * interval '1 second'
    where chart_id = :chart_id and state = 'leased' and lease_holder = :holder and lease_expires_at > now()
    returning chart_id, chart_version
)
insert into {schema}.showing (chart_id, chart_version, coder)
select chart_id, chart_version, :holder from renewed
on conflict do nothing;

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
set state = 'completed', coding_version = :coding_version, raised_hours = 0, raised_why = '{}',
    assigned_to = null, assigned_by = null,
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
