-- The life of a claim. States and what belongs to each are drawn in docs/state-machines.md.

-- A row a chart, locked by whoever brings a new coding of it.
create table {schema}.chart (
    chart_id       uuid    primary key,
    coding_version integer not null check (coding_version >= 0)
);

-- Every coding as it arrived; a claim can be built from it again.
create table {schema}.coding (
    chart_id       uuid        not null references {schema}.chart,
    coding_version integer     not null check (coding_version > 0),
    chart_version  integer     not null,
    claim_sha256   text        not null,
    event          bytea       not null,
    received_at    timestamptz not null default now(),
    primary key (chart_id, coding_version)
);

create table {schema}.claim (
    claim_id         uuid        primary key,
    chart_id         uuid        not null,
    coding_version   integer     not null,
    payer_id         text        not null,
    state            text        not null check (state in (
        'ready', 'draft', 'queued', 'submitted', 'undelivered', 'pended', 'accepted', 'partially_denied', 'denied',
        'rejected', 'replaced', 'voided'
    )),
    -- The later claim of the chart. A claim without one is the effective one.
    superseded_by    uuid        references {schema}.claim deferrable initially deferred,
    -- The claim that the Bundle names in Claim.related.
    replaces         uuid        references {schema}.claim,
    findings         jsonb       not null default '[]' check (jsonb_typeof(findings) = 'array'),
    -- Destination and bytes are fixed when the claim is queued.
    channel          text        check (channel in ('kafka', 'fhir')),
    endpoint         text,
    bundle           bytea,
    bundle_sha256    text,
    queued_at        timestamptz,
    deadline_at      timestamptz,
    -- The number of the last attempt; as it only grows, it is also the fencing token of the lease.
    attempts         integer     not null default 0 check (attempts >= 0),
    lease_expires_at timestamptz,
    next_attempt_at  timestamptz,
    reason           text,
    codes            text[]      not null default '{}',
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    unique (chart_id, coding_version, payer_id),
    foreign key (chart_id, coding_version) references {schema}.coding,
    check ((channel = 'fhir') = (endpoint is not null)),
    check ((bundle is null) = (bundle_sha256 is null)),
    check ((bundle is null) = (channel is null)),
    check ((bundle is null) = (queued_at is null)),
    check ((bundle is null) = (deadline_at is null)),
    -- What was not sent has no bytes to send; what was voided may have had.
    check ((state in ('ready', 'draft')) <= (bundle is null)),
    check ((bundle is null) <= (state in ('ready', 'draft', 'voided'))),
    check ((bundle is null) <= (attempts = 0)),
    check ((state = 'draft') <= (findings <> '[]')),
    -- Only what waits for an attempt is ever sent.
    check ((state = 'queued') <= (next_attempt_at is not null)),
    check ((next_attempt_at is not null or lease_expires_at is not null) <= (state in ('queued', 'submitted'))),
    -- A claim leaves the stage only for another one, and is voided only if it was never sent.
    check ((state in ('replaced', 'voided')) <= (superseded_by is not null)),
    check ((state = 'voided') <= (attempts = 0)),
    check ((state in ('submitted', 'undelivered')) <= (attempts > 0)),
    check (superseded_by <> claim_id and replaces <> claim_id)
);
create unique index claim_effective on {schema}.claim (chart_id, payer_id) where superseded_by is null;
create index claim_due on {schema}.claim (payer_id, channel, next_attempt_at) where next_attempt_at is not null;
create index claim_waiting on {schema}.claim (created_at) where state = 'ready';
create index claim_by_state on {schema}.claim (state, claim_id);

-- A row an attempt, without PHI.
create table {schema}.submission (
    claim_id    uuid        not null references {schema}.claim,
    attempt     integer     not null check (attempt > 0),
    channel     text        not null check (channel in ('kafka', 'fhir')),
    outcome     text        not null check (outcome in (
        'started', 'answered', 'delivered', 'refused', 'failed', 'uncertain', 'lost'
    )),
    tries       integer     not null default 0 check (tries >= 0),
    status_code integer,
    reason      text,
    issue_codes text[]      not null default '{}',
    started_at  timestamptz not null default now(),
    finished_at timestamptz,
    primary key (claim_id, attempt),
    check ((outcome = 'started') = (finished_at is null))
);

-- The payer's answers, each content once.
create table {schema}.response (
    response_id bigint      generated always as identity primary key,
    claim_id    uuid        not null references {schema}.claim,
    channel     text        not null check (channel in ('kafka', 'fhir')),
    state       text        not null check (state in ('pended', 'accepted', 'partially_denied', 'denied', 'rejected')),
    codes       text[]      not null default '{}',
    sha256      text        not null,
    body        bytea       not null,
    received_at timestamptz not null default now(),
    unique (claim_id, sha256)
);
