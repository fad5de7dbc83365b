-- What every service needs to take messages in and send messages out exactly once in effect.

create table {schema}.inbox (
    topic       text        not null,
    partition   integer     not null,
    "offset"    bigint      not null,
    message_id  text,
    outcome     text        not null check (outcome in ('applied', 'stale', 'duplicate', 'quarantined')),
    reason      text,
    recorded_at timestamptz not null default now(),
    primary key (topic, partition, "offset"),
    check ((outcome = 'quarantined') <= (reason is not null))
);
create index inbox_message on {schema}.inbox (topic, message_id) where message_id is not null;

-- Counted in the transaction that writes the inbox rows; the ledger compares the two.
create table {schema}.inbox_progress (
    topic        text   not null,
    partition    integer not null,
    records_seen bigint not null check (records_seen >= 0),
    next_offset  bigint not null check (next_offset >= 0),
    primary key (topic, partition)
);

create table {schema}.outbox (
    id           bigint      generated always as identity primary key,
    message_id   text,
    topic        text        not null,
    key          text        not null,
    value        bytea,
    headers      jsonb       not null default '{}',
    created_at   timestamptz not null default now(),
    published_at timestamptz,
    parked_at    timestamptz,
    park_reason  text,
    check (published_at is null or parked_at is null),
    check ((parked_at is null) = (park_reason is null))
);
create index outbox_waiting on {schema}.outbox (id) where published_at is null and parked_at is null;
create index outbox_message on {schema}.outbox (topic, message_id) where message_id is not null;

create table {schema}.relay_lease (
    name       text        primary key,
    token      uuid        not null,
    expires_at timestamptz not null
);

create table {schema}.quarantine (
    quarantine_id bigint      generated always as identity primary key,
    topic         text        not null,
    partition     integer     not null,
    "offset"      bigint      not null,
    key           bytea,
    headers       jsonb       not null default '{}',
    body          bytea,
    reason        text        not null,
    expression    text,
    held_at       timestamptz not null default now(),
    replayed_at   timestamptz,
    unique (topic, partition, "offset")
);
