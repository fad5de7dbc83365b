-- name: measure_charts
-- For how long the chart that is most overdue should have been looked at.
select greatest(coalesce(extract(epoch from now() - min(evaluate_at)), 0), 0)::float8 as overdue_seconds
from {schema}.chart
where evaluate_at is not null;
