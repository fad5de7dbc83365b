-- The denial worklist: every answer that denied something, what stands behind each line, and what was done about it.

create table {schema}.denial (
    denial_id      bigint      generated always as identity primary key,
    response_id    bigint      not null unique references {schema}.response,
    claim_id       uuid        not null references {schema}.claim,
    chart_id       uuid        not null,
    coding_version integer     not null,
    payer_id       text        not null,
    kind           text        not null check (kind in (
        'coding', 'documentation', 'authorization', 'eligibility', 'timely', 'duplicate', 'other'
    )),
    proposed       text        not null check (proposed in ('correct', 'appeal', 'write_off')),
    status         text        not null default 'open' check (status in (
        'open', 'returned', 'appealed', 'written_off', 'overturned', 'recoded'
    )),
    denied_at      timestamptz not null default now()
);
create index denial_worklist on {schema}.denial (status, denial_id);
create index denial_by_claim on {schema}.denial (claim_id);
create index denial_by_chart on {schema}.denial (chart_id);

-- A row a line and reason; written once.
create table {schema}.denial_line (
    denial_id     bigint   not null references {schema}.denial,
    place         integer  not null check (place > 0),
    -- Claim.item.sequence; none where the claim has no lines.
    line          integer,
    expression    text     not null,
    code          text     not null,
    diagnoses     text[]   not null,
    group_code    text     not null,
    reason_code   text     not null,
    remark_codes  text[]   not null,
    amount        numeric,
    kind          text     not null,
    words         text     not null,
    edits         text[]   not null,
    decision_id   uuid,
    action        text     not null,
    practitioner  text     not null,
    decided_at    timestamptz,
    suggestion_id uuid,
    -- EvidenceSpan by EvidenceSpan: documents, versions, offsets and hashes, no words.
    evidence      jsonb    not null default '[]' check (jsonb_typeof(evidence) = 'array'),
    primary key (denial_id, place)
);
create index denial_line_by_reason on {schema}.denial_line (reason_code, code);

-- What was done about denials, by whom and why; only ever appended to.
create table {schema}.denial_step (
    step_id       bigint      generated always as identity primary key,
    denial_id     bigint      not null references {schema}.denial,
    step          text        not null check (step in ('correct', 'appeal', 'write_off')),
    reason        text        not null check (reason <> ''),
    subject       text        not null,
    practitioner  text        not null,
    -- SHA-256 of the evidence packet of an appeal.
    packet_sha256 text,
    taken_at      timestamptz not null default now(),
    check ((step = 'appeal') = (packet_sha256 is not null))
);
create index denial_step_by_denial on {schema}.denial_step (denial_id);

-- Why warnings of our own edits were set aside; only ever appended to.
create table {schema}.edit_override (
    override_id  bigint      generated always as identity primary key,
    chart_id     uuid        not null,
    edit         text        not null,
    expression   text,
    reason       text        not null check (reason <> ''),
    subject      text        not null,
    practitioner text        not null,
    created_at   timestamptz not null default now()
);
create index edit_override_by_chart on {schema}.edit_override (chart_id);

create function {schema}.refuse_rewriting() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name;
end
$$;
create trigger append_only before update or delete on {schema}.denial_line
    for each row execute function {schema}.refuse_rewriting();
create trigger append_only before update or delete on {schema}.denial_step
    for each row execute function {schema}.refuse_rewriting();
create trigger append_only before update or delete on {schema}.edit_override
    for each row execute function {schema}.refuse_rewriting();

-- Findings that were overridden, each with its override.
alter table {schema}.claim add column overridden jsonb not null default '[]'
    check (jsonb_typeof(overridden) = 'array');
