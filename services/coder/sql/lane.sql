-- name: find_lanes
-- The lanes of these keys, as far as they exist; lists of restrictions come as JSON, for arrays of arrays cannot be
-- ragged.
select lane.lane_id, wanted.place
from unnest(
    :service_lines::text[], :specialties::text[], :facilities::text[], :encounter_classes::text[], :payers::text[],
    :restrictions::text[]
) with ordinality as wanted (
    service_line, specialty, facility, encounter_class, payer, restrictions, place
)
join {schema}.lane
    on lane.service_line = wanted.service_line and lane.specialty = wanted.specialty
   and lane.facility = wanted.facility and lane.encounter_class = wanted.encounter_class
   and lane.payer = wanted.payer
   and lane.restrictions = array(select jsonb_array_elements_text(wanted.restrictions::jsonb));

-- name: lock_lanes
-- Lanes are made and moved one transaction after another, so that no lane misses a rule, and no rule a lane.
select pg_advisory_xact_lock(hashtextextended('{schema}.lane', 0));

-- name: insert_lanes
-- New lanes; `place_lanes` puts them on their lists.
insert into {schema}.lane (
    service_line, specialty, facility, encounter_class, payer, restrictions, default_list
)
select service_line, specialty, facility, encounter_class, payer,
       array(select jsonb_array_elements_text(restrictions::jsonb)), 'everything-else'
from unnest(
    :service_lines::text[], :specialties::text[], :facilities::text[], :encounter_classes::text[], :payers::text[],
    :restrictions::text[]
) as wanted (service_line, specialty, facility, encounter_class, payer, restrictions)
on conflict do nothing;

-- name: place_lanes
-- Put every lane on the lists that let it through: the first default list, and all custom ones.
update {schema}.lane
set default_list = placed.default_list, lists = placed.lists, leased_from = placed.leased_from
from (
    select lane.lane_id, chosen.default_list,
           array_agg(list.list_id order by list.list_id) as lists,
           array_agg(list.list_id order by list.list_id)
               filter (where list.states = '{}' or 'open' = any(list.states)) as leased_from
    from {schema}.lane
    cross join lateral (
        select first.list_id as default_list
        from {schema}.worklist as first
        where first.kind = 'default'
          and (first.service_lines = '{}' or lane.service_line = any(first.service_lines))
          and (first.specialties = '{}' or lane.specialty = any(first.specialties))
          and (first.facilities = '{}' or lane.facility = any(first.facilities))
          and (first.encounter_classes = '{}' or lane.encounter_class = any(first.encounter_classes))
          and (first.payers = '{}' or lane.payer = any(first.payers))
        order by first.position, first.list_id
        limit 1
    ) as chosen
    join {schema}.worklist as list
        on list.list_id = chosen.default_list
        or list.kind = 'custom'
       and (list.service_lines = '{}' or lane.service_line = any(list.service_lines))
       and (list.specialties = '{}' or lane.specialty = any(list.specialties))
       and (list.facilities = '{}' or lane.facility = any(list.facilities))
       and (list.encounter_classes = '{}' or lane.encounter_class = any(list.encounter_classes))
       and (list.payers = '{}' or lane.payer = any(list.payers))
    group by lane.lane_id, chosen.default_list
) as placed
where lane.lane_id = placed.lane_id
  and (lane.default_list, lane.lists, lane.leased_from)
      is distinct from (placed.default_list, placed.lists, placed.leased_from);
