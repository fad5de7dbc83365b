-- name: hold_records
-- Keep records whole that cannot be used.
insert into {schema}.quarantine (topic, partition, "offset", key, headers, body, reason, expression)
select topic, partition, "offset", key, headers::jsonb, body, reason, expression
from unnest(
    :topics::text[], :partitions::integer[], :offsets::bigint[], :keys::bytea[],
    :headers::text[], :bodies::bytea[], :reasons::text[], :expressions::text[]
) as record (topic, partition, "offset", key, headers, body, reason, expression)
on conflict (topic, partition, "offset") do nothing;
