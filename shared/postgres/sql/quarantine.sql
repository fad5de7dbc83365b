-- name: hold_records
-- Keep records whole that cannot be used.
insert into {schema}.quarantine (topic, partition, "offset", key, headers, body, reason, expression)
select topic, partition, "offset", key, headers::jsonb, body, reason, expression
from unnest(
    :topics::text[], :partitions::integer[], :offsets::bigint[], :keys::bytea[],
    :headers::text[], :bodies::bytea[], :reasons::text[], :expressions::text[]
) as record (topic, partition, "offset", key, headers, body, reason, expression)
on conflict (topic, partition, "offset") do nothing;

-- name: list_quarantine
-- What is held, newest first, without bodies or keys; `before` pages on.
select quarantine_id, topic, partition, "offset", reason, expression, octet_length(body) as size_bytes,
       held_at, replayed_at
from {schema}.quarantine
where quarantine_id < coalesce(:before::bigint, 9223372036854775807)
  and (:reason::text is null or reason = :reason::text)
order by quarantine_id desc
limit :limit;

-- name: read_quarantined
-- One held record, whole.
select topic, partition, "offset", key, body
from {schema}.quarantine
where quarantine_id = :quarantine_id;

-- name: mark_replayed
-- The record was applied after all; of two that try, one is told so.
update {schema}.quarantine
set replayed_at = :now::timestamptz
where quarantine_id = :quarantine_id and replayed_at is null
returning quarantine_id;
