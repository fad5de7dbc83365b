-- name: measure_claims
-- How long the oldest coding has waited to be scrubbed and built, and how many claims the deadline has stopped, counted
-- to ten thousand.
select coalesce((
           select extract(epoch from now() - created_at)
           from {schema}.claim
           where state = 'ready'
           order by created_at
           limit 1
       ), 0)::float8 as oldest_ready_seconds,
       (
           select count(*)
           from (
               select from {schema}.claim where state = 'undelivered' and superseded_by is null limit 10000
           ) as stopped
       ) as undelivered;
