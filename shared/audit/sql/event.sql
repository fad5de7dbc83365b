-- name: insert_event
-- Write one event; the caller's transaction decides whether it happened.
insert into {schema}.event (event_id, service, recorded_at, body)
values (:event_id, :service, :recorded_at, :body);

-- name: try_sealing
-- One sealer at a time, until its transaction ends.
select pg_try_advisory_xact_lock(:key);

-- name: read_head
-- The end of the chain.
select sequence, hash from {schema}.event where sequence is not null order by sequence desc limit 1;

-- name: list_unsealed
-- What has no place in the chain yet; whatever committed late is simply found by the next pass.
select event_id, service, recorded_at, body
from {schema}.event
where sequence is null
order by recorded_at, event_id
limit :limit;

-- name: seal_events
-- Give events their places.
update {schema}.event as event
set sequence = sealed.sequence, hash = sealed.hash
from unnest(:event_ids::uuid[], :sequences::bigint[], :hashes::bytea[]) as sealed (event_id, sequence, hash)
where event.event_id = sealed.event_id;

-- name: read_chain
-- The next part of the chain, in order.
select event_id, service, recorded_at, body, sequence, hash
from {schema}.event
where sequence > :after
order by sequence
limit :limit;

-- name: count_unsealed
-- How much waits for its place, and since when.
select count(*) as events, min(recorded_at) as oldest from {schema}.event where sequence is null;

-- name: measure_sealing
-- How long the oldest event has waited for its place.
select coalesce(extract(epoch from now() - min(recorded_at)), 0)::float8 as unsealed_seconds
from {schema}.event
where sequence is null;
