-- The audit log. An event is written once, by the transaction of the change that it is about; a moment later the sealer
-- gives it its place in the chain. Nothing else ever changes it.

create table {schema}.event (
    -- The id of the AuditEvent.
    event_id    uuid        primary key,
    service     text        not null,
    recorded_at timestamptz not null,
    -- The AuditEvent as JSON; ids only, never content.
    body        text        not null,
    -- The place in the chain, from 1 and without gaps; null until the event is sealed.
    sequence    bigint      unique check (sequence > 0),
    -- SHA-256 over the hash before and this event.
    hash        bytea       check (length(hash) = 32),
    constraint event_sealed_whole check ((sequence is null) = (hash is null))
);
create index event_unsealed on {schema}.event (recorded_at, event_id) where sequence is null;

create function {schema}.refuse_rewriting() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if old.sequence is null and new.sequence is not null and (new.event_id, new.service, new.recorded_at, new.body)
            is not distinct from (old.event_id, old.service, old.recorded_at, old.body)
        then
            return new;
        end if;
    end if;
    raise exception 'the audit log is append-only' using errcode = 'restrict_violation';
end
$$;
create trigger event_append_only before update or delete on {schema}.event
    for each row execute function {schema}.refuse_rewriting();
create trigger event_not_truncated before truncate on {schema}.event
    for each statement execute function {schema}.refuse_rewriting();
