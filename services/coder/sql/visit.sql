-- name: upsert_visit
-- The visit of a chart, as its latest version tells it.
insert into {schema}.visit (chart_id, patient, day, care_group, specialty, practitioners)
values (
    :chart_id::uuid, :patient::text, :day::date, :care_group::text, :specialty::text, :practitioners::text[]
)
on conflict (chart_id) do update
set patient = excluded.patient,
    day = excluded.day,
    care_group = excluded.care_group,
    specialty = excluded.specialty,
    practitioners = excluded.practitioners;

-- name: list_earlier_visits
-- A patient's visits of other charts between two days, the second one not included; what was withdrawn was no visit.
select visit.patient, visit.day, visit.care_group, visit.specialty, visit.practitioners
from {schema}.visit
join {schema}.work_item using (chart_id)
where visit.patient = :patient::text
  and visit.day >= :since::date
  and visit.day < :day::date
  and visit.chart_id <> :chart_id::uuid
  and work_item.state <> 'withdrawn'
order by day, chart_id;

-- name: find_first_visit_day
-- The first day of which any visit of a group is known.
select min(day) from {schema}.visit where care_group = :care_group::text;
