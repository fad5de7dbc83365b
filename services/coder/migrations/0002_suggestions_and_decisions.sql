-- What the engine proposed, what people decided, and what was sent to claims.

create function {schema}.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'rows of %.% are append-only', tg_table_schema, tg_table_name;
end
$$;

-- The engine ran once for a chart version; its versions are enough to compute the suggestions again.
create table {schema}.suggestion_run (
    chart_id      uuid             not null,
    chart_version integer          not null,
    engine        text             not null,
    code_set      text             not null,
    lexicon       text             not null,
    seconds       double precision not null check (seconds >= 0),
    ran_at        timestamptz      not null default now(),
    primary key (chart_id, chart_version),
    foreign key (chart_id, chart_version) references {schema}.chart
);

create table {schema}.suggestion (
    suggestion_id uuid             primary key,
    chart_id      uuid             not null,
    chart_version integer          not null,
    -- The order in which the engine would report them, from 1.
    rank          integer          not null check (rank > 0),
    system        text             not null check (system in ('icd10cm', 'icd10pcs', 'cpt', 'hcpcs')),
    code          text             not null,
    display       text             not null,
    confidence    double precision not null check (confidence between 0 and 1),
    selected      boolean          not null,
    assertion     text             not null check (
        assertion in ('present', 'absent', 'historical', 'hypothetical', 'family', 'uncertain')
    ),
    missing       text[]           not null,
    why           text             not null,
    unique (chart_id, chart_version, rank),
    foreign key (chart_id, chart_version) references {schema}.suggestion_run
);

-- The words that justify a suggestion: characters [start_at, end_at) of one document version.
create table {schema}.evidence (
    suggestion_id    uuid    not null references {schema}.suggestion,
    position         integer not null check (position > 0),
    document_id      text    not null,
    document_version integer not null,
    start_at         integer not null check (start_at >= 0),
    end_at           integer not null,
    sha256           text    not null check (length(sha256) = 64),
    primary key (suggestion_id, position),
    check (start_at < end_at)
);

-- A later decision about the same target replaces an earlier one; none is ever changed.
create table {schema}.decision (
    decision_id   uuid        primary key,
    -- Order of decisions; within a chart it is the order in which they were made, held by the work item's row lock.
    position      bigint      generated always as identity,
    chart_id      uuid        not null,
    chart_version integer     not null,
    action        text        not null check (action in ('accept', 'change', 'reject', 'add')),
    -- What is decided about: a suggestion, or a code that an earlier decision added.
    suggestion_id uuid        references {schema}.suggestion,
    addition_id   uuid        references {schema}.decision,
    system        text        check (system in ('icd10cm', 'icd10pcs', 'cpt', 'hcpcs')),
    code          text,
    display       text,
    on_admission  text        check (on_admission in ('y', 'n', 'u', 'w')),
    reason        text,
    decided_by    text        not null,
    practitioner  text        not null,
    decided_at    timestamptz not null default now(),
    foreign key (chart_id, chart_version) references {schema}.chart,
    check (num_nonnulls(suggestion_id, addition_id) = case action when 'add' then 0 else 1 end),
    check (num_nulls(system, code, display) = case action when 'reject' then 3 else 0 end),
    check (reason is not null or action in ('accept', 'add'))
);
create index decision_chart on {schema}.decision (chart_id, chart_version, position);
create trigger decision_append_only before update or delete on {schema}.decision
    for each row execute function {schema}.refuse_change();

-- A finished coding, as it was sent.
create table {schema}.coding (
    chart_id       uuid        not null,
    coding_version integer     not null check (coding_version > 0),
    chart_version  integer     not null,
    claim_id       text        not null unique,
    claim          text        not null,
    provenance     text        not null,
    completed_by   text        not null,
    completed_at   timestamptz not null default now(),
    primary key (chart_id, coding_version),
    foreign key (chart_id, chart_version) references {schema}.chart
);
create trigger coding_append_only before update or delete on {schema}.coding
    for each row execute function {schema}.refuse_change();

-- Why a coding came back from billing.
create table {schema}.returned_coding (
    chart_id       uuid        not null,
    coding_version integer     not null,
    message_id     text        not null,
    findings       text        not null,
    returned_at    timestamptz not null default now(),
    primary key (chart_id, coding_version, message_id),
    foreign key (chart_id, coding_version) references {schema}.coding
);

-- Answers to requests that carried an Idempotency-Key, so that a repetition gets the same one.
create table {schema}.answered_request (
    caller      text        not null,
    key         text        not null,
    fingerprint text        not null,
    answer      text,
    answered_at timestamptz not null default now(),
    primary key (caller, key)
);
create index answered_request_age on {schema}.answered_request (answered_at);
