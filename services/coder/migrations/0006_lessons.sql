-- What finished codings teach, append-only: the sum of the lessons is what the engine has learned. One database is one
-- tenant, so there is nobody else's lesson in it.

create table {schema}.lesson (
    -- In the order of the commits: writers take turns.
    position       bigint      generated always as identity primary key,
    chart_id       uuid        not null,
    coding_version integer     not null,
    -- Encounter.serviceType as a FHIR token, empty where it is not known.
    specialty      text        not null,
    suggestion_id  uuid        not null references {schema}.suggestion,
    decision_id    uuid        not null references {schema}.decision,
    entry          text        not null check (entry <> ''),
    kept           boolean     not null,
    -- 1 teaches, -1 takes the same lesson back.
    weight         smallint    not null check (weight in (1, -1)),
    learned_at     timestamptz not null default now(),
    unique (chart_id, coding_version, suggestion_id, weight),
    foreign key (chart_id, coding_version) references {schema}.coding
);
create index lesson_entry on {schema}.lesson (entry, specialty);
create trigger lesson_append_only before update or delete on {schema}.lesson
    for each row execute function {schema}.refuse_change();

-- The states that engine runs had: each is the sum of the lessons through a position.
create table {schema}.learned_state (
    content_hash     text        primary key check (content_hash <> ''),
    through_position bigint      not null check (through_position > 0),
    kept_at          timestamptz not null default now()
);
create trigger learned_state_append_only before update or delete on {schema}.learned_state
    for each row execute function {schema}.refuse_change();
