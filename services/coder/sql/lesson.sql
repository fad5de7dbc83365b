-- name: lock_lessons
-- Lessons are written one transaction after another, so that their positions are in the order of the commits.
select pg_advisory_xact_lock(hashtextextended('{schema}.lesson', 0));

-- name: insert_lessons
-- What a finished coding teaches.
insert into {schema}.lesson (
    chart_id, coding_version, specialty, suggestion_id, decision_id, entry, kept, weight
)
select :chart_id::uuid, :coding_version::integer, :specialty::text, suggestion_id, decision_id, entry, kept, 1
from unnest(:suggestion_ids::uuid[], :decision_ids::uuid[], :entries::text[], :kept::boolean[])
    as taught (suggestion_id, decision_id, entry, kept);

-- name: take_back_lessons
-- Append the opposite of every lesson of these charts that still counts.
insert into {schema}.lesson (
    chart_id, coding_version, specialty, suggestion_id, decision_id, entry, kept, weight
)
select chart_id, coding_version, specialty, suggestion_id, decision_id, entry, kept, -1
from {schema}.lesson as taught
where chart_id = any(:chart_ids::uuid[]) and weight = 1
  and not exists (
      select from {schema}.lesson as taken
      where taken.chart_id = taught.chart_id and taken.coding_version = taught.coding_version
        and taken.suggestion_id = taught.suggestion_id and taken.weight = -1
  )
returning position;

-- name: sum_lessons
-- What the lessons in (after, through] amount to, where they do not cancel out.
select entry, specialty,
       sum(weight) filter (where kept) as kept,
       sum(weight) filter (where not kept) as refused
from {schema}.lesson
where position > :after and position <= :through
group by entry, specialty;

-- name: find_last_lesson
-- The position of the newest lesson, 0 before the first.
select coalesce(max(position), 0) from {schema}.lesson;

-- name: keep_state
-- Remember which lessons a learned state is the sum of; equal states have equal hashes, and one of them is enough.
insert into {schema}.learned_state (content_hash, through_position)
values (:content_hash, :through)
on conflict (content_hash) do nothing;

-- name: find_state_position
-- The lessons that a learned state is the sum of.
select through_position from {schema}.learned_state where content_hash = :content_hash;

-- name: list_lessons
-- Why an entry moves in a specialty: every lesson about it and whether it still counts, the newest first.
select taught.chart_id, taught.coding_version, taught.suggestion_id, taught.decision_id, taught.kept, taught.learned_at,
       taken.position is null as counts
from {schema}.lesson as taught
left join {schema}.lesson as taken
    on taken.chart_id = taught.chart_id and taken.coding_version = taught.coding_version
   and taken.suggestion_id = taught.suggestion_id and taken.weight = -1
where taught.entry = :entry and taught.specialty = :specialty and taught.weight = 1
order by taught.position desc
limit :limit;
