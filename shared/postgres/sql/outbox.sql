-- name: enqueue_messages
-- Append messages; the relay publishes them after this transaction commits.
insert into {schema}.outbox (message_id, topic, key, value, headers)
select message_id, topic, key, value, headers::jsonb
from unnest(:message_ids::text[], :topics::text[], :keys::text[], :values::bytea[], :headers::text[])
     with ordinality as message (message_id, topic, key, value, headers, position)
order by position;

-- name: take_lease
-- Take or renew the right to relay: a free or expired lease, or our own.
insert into {schema}.relay_lease as lease (name, token, expires_at)
values (:name, :token::uuid, now() + :seconds * interval '1 second')
on conflict (name) do update
set token = excluded.token, expires_at = excluded.expires_at
where lease.token = excluded.token or lease.expires_at < now()
returning token;

-- name: give_lease_up
-- Let another relay begin at once.
delete from {schema}.relay_lease where name = :name and token = :token::uuid;

-- name: read_waiting
-- The oldest messages that are neither published nor parked, whatever was published before them.
select id, topic, key, value, headers
from {schema}.outbox
where published_at is null and parked_at is null
order by id
limit :limit;

-- name: mark_published
-- Only under a live lease: a relay that lost it changes nothing.
update {schema}.outbox
set published_at = now()
where id = any(:ids::bigint[])
  and exists (
      select from {schema}.relay_lease where name = :name and token = :token::uuid and expires_at > now()
  );

-- name: park_message
-- A message that can never be sent stands aside, visible in the ledger, and blocks nothing.
update {schema}.outbox
set parked_at = now(), park_reason = :reason
where id = :id
  and exists (
      select from {schema}.relay_lease where name = :name and token = :token::uuid and expires_at > now()
  );

-- name: measure_outbox
-- How many messages wait, counted to ten thousand, and for how long the first of them does.
select count(*) as waiting,
       coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest_seconds
from (
    select created_at
    from {schema}.outbox
    where published_at is null and parked_at is null
    order by id
    limit 10000
) as head;
