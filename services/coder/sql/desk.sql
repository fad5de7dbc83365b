-- name: list_held
-- The charts that a coder has leased, the one that expires first at the top.
select item.work_item_id, item.chart_id, item.chart_version, item.lease_token, item.lease_expires_at,
       item.priority, item.created_at, chart.encounter_class, chart.setting, chart.service_date
from {schema}.work_item as item
join {schema}.chart using (chart_id, chart_version)
where item.state = 'leased' and item.lease_holder = :holder and item.lease_expires_at > now()
order by item.lease_expires_at;

-- name: list_open
-- The head of the queue in the order in which lease_next takes it.
select item.chart_id, item.priority, item.created_at, chart.encounter_class, chart.setting, chart.service_date
from {schema}.work_item as item
join {schema}.chart using (chart_id, chart_version)
where item.state = 'open'
order by item.priority, item.created_at
limit :limit;

-- name: list_decided
-- What a coder decided in a span of time, the latest first.
select decision_id, chart_id, action, system, code, display, reason, decided_at
from {schema}.decision
where decided_by = :coder and decided_at >= :since and decided_at < :until
order by decided_at desc, position desc
limit :limit;

-- name: list_completed
-- The charts that a coder completed in a span of time, the latest first.
select chart_id, coding_version, completed_at
from {schema}.coding
where completed_by = :coder and completed_at >= :since and completed_at < :until
order by completed_at desc
limit :limit;
