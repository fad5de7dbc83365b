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

-- name: list_used_codes
-- The codes that a coder decided for since a moment, the one used last at the top.
select system, code, max(display) as display, count(*) as uses, max(decided_at) as last_used_at
from {schema}.decision
where decided_by = :coder and decided_at >= :since and code is not null
group by system, code
order by last_used_at desc
limit :limit;
