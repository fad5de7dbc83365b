-- Whether suggestions are read or merely accepted: suggestions that are wrong on purpose, and when a chart was shown.

-- A row of `suggestion` that no engine made. Everything but the coder's own view of an open chart leaves it out.
create table {schema}.seed (
    suggestion_id uuid        primary key references {schema}.suggestion,
    -- The true suggestion whose words it stands beside.
    host_id       uuid        not null references {schema}.suggestion,
    chart_id      uuid        not null,
    chart_version integer     not null,
    place         integer     not null check (place >= 0),
    planted_at    timestamptz not null default now(),
    outcome       text        check (outcome in ('caught', 'missed')),
    coder         text,
    settled_at    timestamptz,
    unique (chart_id, chart_version),
    check (num_nulls(outcome, coder, settled_at) in (0, 3))
);
create index seed_settled on {schema}.seed (settled_at) where outcome is not null;

-- When a coder first saw a chart version that they had leased.
create table {schema}.showing (
    chart_id      uuid        not null,
    chart_version integer     not null,
    coder         text        not null,
    shown_at      timestamptz not null default now(),
    primary key (chart_id, chart_version, coder),
    foreign key (chart_id, chart_version) references {schema}.chart
);
create index coding_completed on {schema}.coding (completed_at);
