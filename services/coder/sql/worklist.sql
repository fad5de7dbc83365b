-- name: list_worklists
-- All lists: default ones in the order in which they are tried, then custom ones.
select * from {schema}.worklist order by kind desc, position, list_id;

-- name: insert_worklist
-- A new list; no row when the id is taken.
insert into {schema}.worklist (
    list_id, title, kind, position, service_lines, specialties, facilities, encounter_classes, payers, states
)
values (
    :list_id, :title, :kind, :position, :service_lines, :specialties, :facilities, :encounter_classes, :payers, :states
)
on conflict do nothing
returning *;

-- name: update_worklist
-- A list's new rule; no row when somebody changed it first.
update {schema}.worklist
set title = :title, kind = :kind, position = :position, service_lines = :service_lines, specialties = :specialties,
    facilities = :facilities, encounter_classes = :encounter_classes, payers = :payers, states = :states,
    revision = revision + 1
where list_id = :list_id and revision = :revision
returning *;

-- name: delete_worklist
-- A list goes; the caller has moved its lanes.
delete from {schema}.worklist where list_id = :list_id and revision = :revision returning list_id;

-- name: leave_worklist
-- The lanes of a default list fall to the last one, before `place_lanes` finds theirs.
update {schema}.lane set default_list = 'everything-else' where default_list = :list_id;

-- name: forget_worklist
-- Nobody works on a list that is gone.
update {schema}.coder
set lists = array_remove(lists, :list_id::text), revision = revision + 1
where :list_id = any(lists);

-- name: list_reached
-- The lanes within a caller's reach and their lists.
select lane_id, lists
from {schema}.lanes_within(:caller, :lists::text[], :facilities::text[], :clearances::text[], false);

-- name: count_lanes
-- How many unfinished charts there are in each lane and state.
select lane_id, state, count(*) as count
from {schema}.work_item
where state in ('suggesting', 'open', 'leased', 'on-hold', 'failed')
group by lane_id, state;
