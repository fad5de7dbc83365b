-- name: measure_charts
-- How many charts wait for the engine, counted to ten thousand, and the longest wait among them.
select count(*) as suggesting,
       coalesce(extract(epoch from now() - min(changed_at)), 0)::float8 as oldest_suggesting_seconds
from (
    select changed_at
    from {schema}.work_item
    where state = 'suggesting'
    order by urgent_by, arrival
    limit 10000
) as head;
