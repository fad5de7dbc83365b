-- name: lease_next_g4
with self as materialized (
    select nullif(any_value(lists), '{}') as lists, nullif(any_value(specialties), '{}') as specialties,
           nullif(any_value(facilities), '{}') as facilities,
           :own_records::text[] || coalesce(any_value(own_records), '{}') as records,
           set_config('synchronous_commit', 'off', true)
    from coder.coder where subject = :holder::text
),
reach as materialized (select lane_id from self cross join coder.lane where (self.specialties is null or lane.specialty = any(self.specialties))
      and (self.facilities is null or lane.facility = any(self.facilities))
      and (:facilities::text[] is null or lane.facility = any(:facilities::text[]))
      and (self.lists is null or lane.leased_from && self.lists)
      and (:lists::text[] is null or lane.leased_from && :lists::text[])
      and lane.restrictions <@ :clearances::text[]),
front as materialized (
    select 1 as turn, item.work_item_id, item.lane_id, item.urgent_by, item.arrival
    from (
        select first.work_item_id, first.lane_id, first.urgent_by, first.arrival, first.patient
        from coder.work_item as first
        where first.state = 'open' and first.assigned_to is null
        order by first.urgent_by, first.arrival
        limit (select 4 * count(*) from reach)
    ) as item
    where item.lane_id = any((select array_agg(lane_id) from reach)::integer[])
      and item.patient <> all((select records from self)::text[])
    order by item.urgent_by, item.arrival
    limit 4
),
candidate as (
    (
        select 0 as turn, item.work_item_id, item.lane_id, item.urgent_by, item.arrival
        from coder.work_item as item
        join coder.lane using (lane_id)
        where item.state = 'open' and item.assigned_to = :holder and lane.restrictions <@ :clearances
          and item.patient <> all((select records from self)::text[])
        order by item.urgent_by, item.arrival
        limit 4
    )
    union all
    select * from front
    union all
    (
        select 1, next.*
        from reach
        cross join lateral (
            select item.work_item_id, item.lane_id, item.urgent_by, item.arrival
            from coder.work_item as item
            where item.state = 'open' and item.assigned_to is null and item.lane_id = reach.lane_id
              and item.patient <> all((select records from self)::text[])
            order by item.urgent_by, item.arrival
            limit 1
        ) as next
        where not exists (select from front)
    )
),
taken as (
    select item.work_item_id
    from (select * from candidate order by turn, urgent_by, arrival) as candidate
    cross join lateral (
      select work_item_id from coder.work_item as item
      where work_item_id = candidate.work_item_id and lane_id = candidate.lane_id and
      item.state = 'open'
      and item.assigned_to is not distinct from case candidate.turn when 0 then :holder end
      and item.patient <> all((select records from self)::text[])
      for update skip locked
    ) as item
    order by candidate.turn, candidate.urgent_by, candidate.arrival
    limit 1
)
update coder.work_item as item
set state = 'leased', lease_token = gen_random_uuid(), lease_holder = :holder,
    lease_expires_at = now() + :seconds * interval '1 second',
    revision = item.revision + 1, changed_at = now()
from taken
where item.work_item_id = taken.work_item_id
returning item.work_item_id, item.chart_id, item.chart_version, item.lease_token, item.lease_expires_at;

-- name: lease_next_h
with self as materialized (
    select nullif(any_value(lists), '{}') as lists, nullif(any_value(specialties), '{}') as specialties,
           nullif(any_value(facilities), '{}') as facilities,
           :own_records::text[] || coalesce(any_value(own_records), '{}') as records,
           set_config('synchronous_commit', 'off', true)
    from coder.coder where subject = :holder::text
),
reach as materialized (select lane_id from self cross join coder.lane where (self.specialties is null or lane.specialty = any(self.specialties))
      and (self.facilities is null or lane.facility = any(self.facilities))
      and (:facilities::text[] is null or lane.facility = any(:facilities::text[]))
      and (self.lists is null or lane.leased_from && self.lists)
      and (:lists::text[] is null or lane.leased_from && :lists::text[])
      and lane.restrictions <@ :clearances::text[]),
front as materialized (
    select item.lane_id, item.urgent_by, item.arrival
    from (
        select first.lane_id, first.urgent_by, first.arrival, first.patient
        from coder.work_item as first
        where first.state = 'open' and first.assigned_to is null
        order by first.urgent_by, first.arrival
        limit 64
    ) as item
    where item.lane_id = any((select array_agg(lane_id) from reach)::integer[])
      and item.patient <> all((select records from self)::text[])
    order by item.urgent_by, item.arrival
    limit 4
),
head as (
    select * from front
    union all
    select reach.lane_id, first.urgent_by, first.arrival
    from reach
    cross join lateral (
        select item.urgent_by, item.arrival
        from coder.work_item as item
        where item.state = 'open' and item.assigned_to is null and item.lane_id = reach.lane_id
          and item.patient <> all((select records from self)::text[])
        order by item.urgent_by, item.arrival
        limit 1
    ) as first
    where not exists (select from front)
),
assigned as (
    select item.work_item_id
    from coder.work_item as item
    join coder.lane using (lane_id)
    where item.state = 'open' and item.assigned_to = :holder and lane.restrictions <@ :clearances
      and item.patient <> all((select records from self)::text[])
    order by item.urgent_by, item.arrival
    limit 1
    for update of item skip locked
),
found as (
    select item.work_item_id
    from (select lane_id, urgent_by, arrival from head order by urgent_by, arrival) as head
    cross join lateral (
        select work_item_id
        from coder.work_item as item
        where item.state = 'open' and item.assigned_to is null and item.lane_id = head.lane_id
          and item.patient <> all((select records from self)::text[])
        order by item.urgent_by, item.arrival
        limit 1
        for update skip locked
    ) as item
    where not exists (select from assigned)
    order by head.urgent_by, head.arrival
    limit 1
)
update coder.work_item as item
set state = 'leased', lease_token = gen_random_uuid(), lease_holder = :holder,
    lease_expires_at = now() + :seconds * interval '1 second',
    revision = item.revision + 1, changed_at = now()
from (select work_item_id from assigned union all select work_item_id from found) as taken
where item.work_item_id = taken.work_item_id
returning item.work_item_id, item.chart_id, item.chart_version, item.lease_token, item.lease_expires_at;

