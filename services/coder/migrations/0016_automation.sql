-- Closing charts without touch, by service line: its mode, what is being shown about it, and each chart that was looked
-- at. docs/state-machines.md draws the modes.

-- Observations about one version of engine, code set, lexicon and policy in a service line.
create table {schema}.automation_trial (
    trial_id     integer     primary key generated always as identity,
    service_line text        not null,
    engine       text        not null,
    code_set     text        not null,
    lexicon      text        not null,
    policy       text        not null,
    -- Each further trial of a version has less error to spend.
    attempt      integer     not null check (attempt > 0),
    observed     integer     not null default 0,
    agreed       integer     not null default 0,
    begun_at     timestamptz not null default now(),
    unique (service_line, engine, code_set, lexicon, policy, attempt),
    check (agreed between 0 and observed)
);

create table {schema}.automation_line (
    service_line text        primary key,
    mode         text        not null check (mode in ('off', 'shadow', 'active', 'suspended')),
    trial_id     integer     references {schema}.automation_trial,
    changed_by   text        not null,
    changed_at   timestamptz not null default now(),
    why          text        not null check (why <> ''),
    constraint automation_line_shown check (mode not in ('active', 'suspended') or trial_id is not null),
    -- The machine takes a line back, people alone let it go ahead.
    constraint automation_line_by_people check (mode <> 'active' or changed_by <> 'automation')
);

-- Every change of a mode, for good.
create table {schema}.automation_change (
    position     bigint      primary key generated always as identity,
    service_line text        not null,
    mode         text        not null,
    trial_id     integer     references {schema}.automation_trial,
    changed_by   text        not null,
    changed_at   timestamptz not null default now(),
    why          text        not null
);
create trigger automation_change_append_only before update or delete on {schema}.automation_change
    for each row execute function {schema}.refuse_change();

-- A chart version that automation looks at before a coder has it; `verdict` is null until it has.
create table {schema}.screening (
    chart_id      uuid        not null,
    chart_version integer     not null,
    service_line  text        not null,
    asked_at      timestamptz not null default now(),
    verdict       text,
    trial_id      integer     references {schema}.automation_trial,
    -- What the automation would code, stored before a coder codes.
    answer        text,
    -- It was closed without touch.
    closed_at     timestamptz,
    -- Whether the coder who coded it came to the same.
    agreed        boolean,
    observed_at   timestamptz,
    primary key (chart_id, chart_version),
    foreign key (chart_id, chart_version) references {schema}.chart,
    constraint screening_answered check (num_nulls(trial_id, answer) = case verdict when 'qualifies' then 0 else 2 end),
    constraint screening_observed check (num_nulls(agreed, observed_at) in (0, 2)),
    constraint screening_once check (num_nonnulls(closed_at, observed_at) < 2),
    constraint screening_of_answers check (answer is not null or num_nonnulls(closed_at, observed_at) = 0)
);
create index screening_waiting on {schema}.screening (asked_at) where verdict is null;
create index screening_observed on {schema}.screening (trial_id, observed_at) where agreed is not null;
create index screening_by_line on {schema}.screening (service_line, asked_at);
