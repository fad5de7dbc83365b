-- name: list_places
-- A page of the queue or of one list, the most urgent first, within the caller's reach; a page begins after the place
-- that the last one ended with. Each lane's share of the page is a walk on an index.
with shelf as materialized (
    select reach.lane_id, wanted.state
    from {schema}.lanes_within(:caller, :lists::text[], :facilities::text[], :clearances::text[], false) as reach
    cross join unnest(:states::text[]) as wanted (state)
    where :list_id::text is null or :list_id = any(reach.lists)
),
own as materialized (
    select :own_records::text[] || coalesce(
        (select own_records from {schema}.coder where subject = :caller::text), '{}'
    ) as records
)
select item.work_item_id, item.chart_id, item.state, item.arrival, item.urgent_by, item.due_at, item.charge_hours,
       item.flag_hours, item.complexity_hours, item.raised_hours, item.raised_why, item.rank_facts::text, item.assigned_to,
       item.lease_holder, item.created_at, item.revision, chart.encounter_class, chart.setting, chart.service_date,
       lane.service_line, lane.specialty, lane.facility, lane.payer, lane.default_list, lane.lists
from shelf
cross join lateral (
    select next.*
    from {schema}.work_item as next
    where next.lane_id = shelf.lane_id and next.state = shelf.state
      and (next.urgent_by, next.arrival) > (
          coalesce(:after_urgent_by::timestamptz, '-infinity'), :after_arrival::bigint
      )
      and next.patient <> all((select records from own)::text[])
    order by next.urgent_by, next.arrival
    limit :limit
) as item
join {schema}.chart using (chart_id, chart_version)
join {schema}.lane on lane.lane_id = item.lane_id
order by item.urgent_by, item.arrival
limit :limit;

-- name: find_place
-- One work item's place, when it is within the caller's reach.
select item.work_item_id, item.chart_id, item.state, item.arrival, item.urgent_by, item.due_at, item.charge_hours,
       item.flag_hours, item.complexity_hours, item.raised_hours, item.raised_why, item.rank_facts::text, item.assigned_to,
       item.lease_holder, item.created_at, item.revision, chart.encounter_class, chart.setting, chart.service_date,
       lane.service_line, lane.specialty, lane.facility, lane.payer, lane.default_list, lane.lists
from {schema}.work_item as item
join {schema}.chart using (chart_id, chart_version)
join {schema}.lanes_within(:caller, :lists::text[], :facilities::text[], :clearances::text[], false) as lane
    using (lane_id)
where item.work_item_id = :work_item_id
  and item.patient <> all(:own_records::text[])
  and not exists (
      select from {schema}.coder where subject = :caller::text and item.patient = any(own_records)
  );

-- name: list_held_places
-- The charts that a coder has leased, the lease that expires first at the top.
select item.work_item_id, item.chart_id, item.state, item.arrival, item.urgent_by, item.due_at, item.charge_hours,
       item.flag_hours, item.complexity_hours, item.raised_hours, item.raised_why, item.rank_facts::text, item.assigned_to,
       item.lease_holder, item.created_at, item.revision, chart.encounter_class, chart.setting, chart.service_date,
       lane.service_line, lane.specialty, lane.facility, lane.payer, lane.default_list, lane.lists,
       item.chart_version, item.lease_token, item.lease_expires_at
from {schema}.work_item as item
join {schema}.chart using (chart_id, chart_version)
join {schema}.lane using (lane_id)
where item.state = 'leased' and item.lease_holder = :holder and item.lease_expires_at > now()
order by item.lease_expires_at;

-- name: assign
-- A lead says whose chart this is; somebody else's lease on it ends. No row where there is nothing left to do.
update {schema}.work_item
set assigned_to = :assignee, assigned_by = case when :assignee::text is null then null else :assigned_by::text end,
    state = case when state = 'leased' and lease_holder is distinct from :assignee then 'open' else state end,
    lease_token = case when state = 'leased' and lease_holder is distinct from :assignee then null else lease_token end,
    lease_expires_at = case when state = 'leased' and lease_holder is distinct from :assignee then null
                            else lease_expires_at end,
    lease_holder = case when state = 'leased' and lease_holder is distinct from :assignee then null
                        else lease_holder end,
    revision = revision + 1, changed_at = now()
where work_item_id = :work_item_id and state in ('suggesting', 'open', 'leased', 'on-hold', 'failed')
returning lane_id;

-- name: is_own_record
-- Whether a work item is about the coder's own record, as far as leads have said.
select exists (
    select from {schema}.coder
    join {schema}.work_item as item on item.patient = any(coder.own_records)
    where coder.subject = :subject and item.work_item_id = :work_item_id
);

-- name: raise
-- A lead moves a chart forward, or lets it fall back to where it would be.
update {schema}.work_item as item
set raised_why = raised.why,
    raised_hours = case when 'returned-by-billing' = any(raised.why) then :returned_hours::integer else 0 end
                 + case when 'raised-by-lead' = any(raised.why) then :lead_hours::integer else 0 end,
    revision = revision + 1, changed_at = now()
from (
    select work_item_id,
           case when :raised then array_append(raised_why, 'raised-by-lead')
                else array_remove(raised_why, 'raised-by-lead') end as why
    from {schema}.work_item
    where work_item_id = :work_item_id
    for update
) as raised
where item.work_item_id = raised.work_item_id and item.state <> 'completed'
  and ('raised-by-lead' = any(item.raised_why)) <> :raised;
