-- Charts as they arrived, and their place in the queue. docs/state-machines.md draws the states.

-- Every version of every chart, whole, so that evidence can be shown long after a newer version came.
create table {schema}.chart (
    chart_id        uuid        not null,
    chart_version   integer     not null check (chart_version > 0),
    status          text        not null check (status in ('ready', 'withdrawn')),
    encounter_class text        not null,
    setting         text        not null check (setting in ('inpatient', 'outpatient', 'emergency')),
    service_date    date,
    -- The data of chart.ready.v1 as JSON; text, because jsonb would rewrite it and refuse NUL.
    content         text        not null,
    received_at     timestamptz not null default now(),
    primary key (chart_id, chart_version)
);

create table {schema}.work_item (
    work_item_id     uuid        primary key default gen_random_uuid(),
    chart_id         uuid        not null unique,
    chart_version    integer     not null,
    state            text        not null,
    -- Lower is sooner.
    priority         integer     not null,
    created_at       timestamptz not null default clock_timestamp(),
    changed_at       timestamptz not null default now(),
    -- Counts every change of the chart's coding; the ETag is made of it.
    revision         bigint      not null default 0,
    -- A coder's lease in state leased, an engine process's in state suggesting.
    lease_token      uuid,
    lease_holder     text,
    lease_expires_at timestamptz,
    -- How often an engine run was begun for this chart version.
    attempts         integer     not null default 0 check (attempts >= 0),
    failure_reason   text,
    -- The latest coding; 0 before the first.
    coding_version   integer     not null default 0 check (coding_version >= 0),
    foreign key (chart_id, chart_version) references {schema}.chart,
    constraint work_item_state check (
        state in ('suggesting', 'open', 'leased', 'completed', 'failed', 'withdrawn')
    ),
    constraint work_item_lease_whole check (num_nulls(lease_token, lease_holder, lease_expires_at) in (0, 3)),
    constraint work_item_lease_in_state check (
        case state when 'leased' then lease_token is not null
                   when 'suggesting' then true
                   else lease_token is null end
    ),
    constraint work_item_failure check ((state = 'failed') = (failure_reason is not null)),
    constraint work_item_completed check (state <> 'completed' or coding_version > 0)
) with (
    -- The head of the queue is updated all day: vacuum must not wait for a fifth of a million rows to die.
    fillfactor = 85, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000
);
create index work_item_open on {schema}.work_item (priority, created_at) where state = 'open';
create index work_item_suggesting on {schema}.work_item (priority, created_at) where state = 'suggesting';
create index work_item_leased on {schema}.work_item (lease_expires_at) where state = 'leased';
