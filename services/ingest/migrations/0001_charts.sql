-- Resources as they arrived, and the charts assembled from them.

-- Every version that was applied, with its text. The current one is the one that resource points to.
create table {schema}.resource_version (
    resource_type text        not null,
    resource_id   text        not null,
    digest        text        not null,
    version       text        not null,
    body          bytea       not null,
    applied_at    timestamptz not null default now(),
    primary key (resource_type, resource_id, digest)
);

-- The current version of each resource, with the facts by which charts find it.
create table {schema}.resource (
    resource_type  text        not null,
    resource_id    text        not null,
    digest         text        not null,
    version        text        not null,
    version_number bigint,
    updated_at     timestamptz,
    status         text        not null,
    patient_id     text,
    encounter_id   text,
    occurred_at    timestamptz,
    refers_to      text[]      not null,
    applied_at     timestamptz not null default now(),
    primary key (resource_type, resource_id),
    foreign key (resource_type, resource_id, digest) references {schema}.resource_version
);
create index resource_encounter on {schema}.resource (encounter_id, resource_type) where encounter_id is not null;
create index resource_coverage on {schema}.resource (patient_id) where resource_type = 'Coverage';
create index resource_unlinked on {schema}.resource (patient_id)
    where encounter_id is null and resource_type in ('DiagnosticReport', 'Composition', 'DocumentReference');

-- The text of a report or note. Its version moves only when the text changes.
create table {schema}.document (
    resource_type text        not null,
    resource_id   text        not null,
    version       integer     not null check (version >= 1),
    sha256        text        not null,
    kind          text        not null,
    title         text        not null,
    authored_at   timestamptz,
    body          text        not null,
    primary key (resource_type, resource_id),
    foreign key (resource_type, resource_id) references {schema}.resource
);

-- One row an encounter.
create table {schema}.chart (
    chart_id         uuid        primary key default gen_random_uuid(),
    encounter_id     text        not null unique,
    patient_id       text,
    encounter_class  text        not null,
    encounter_status text        not null,
    period_start     timestamptz,
    period_end       timestamptz,
    state            text        not null default 'open' check (state in ('open', 'ready', 'withdrawn')),
    chart_version    integer     not null default 0 check (chart_version >= 0),
    fingerprint      text,
    missing          text[]      not null default '{}',
    learned_at       timestamptz not null,
    hold_until       timestamptz,
    evaluate_at      timestamptz,
    emitted_at       timestamptz,
    check ((state = 'ready') <= (chart_version > 0)),
    check ((chart_version = 0) = (emitted_at is null))
);
create index chart_due on {schema}.chart (evaluate_at) where evaluate_at is not null;
create index chart_patient on {schema}.chart (patient_id);
create index chart_missing on {schema}.chart using gin (missing) where missing <> '{}';
