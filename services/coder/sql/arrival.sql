-- name: announce_open
-- Tell who listens that these charts are open, once the transaction commits: by lane and coder, never by chart.
select pg_notify('{schema}_arrivals', lane_id || '/' || coalesce(assigned_to, ''))
from {schema}.work_item
where chart_id = any(:chart_ids::uuid[]) and state = 'open'
group by lane_id, assigned_to;
