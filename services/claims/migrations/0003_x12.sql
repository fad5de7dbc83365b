-- Claims as X12 files, and what payers took off and why, whichever way they say it.

alter table {schema}.claim drop constraint claim_channel_check;
alter table {schema}.claim add constraint claim_channel_check check (channel in ('kafka', 'fhir', 'x12'));
alter table {schema}.submission drop constraint submission_channel_check;
alter table {schema}.submission add constraint submission_channel_check check (channel in ('kafka', 'fhir', 'x12'));
alter table {schema}.response drop constraint response_channel_check;
alter table {schema}.response add constraint response_channel_check check (channel in ('kafka', 'fhir', 'x12'));

alter table {schema}.response add column paid numeric, add column payer_claim_number text;
create index response_by_payer_claim_number on {schema}.response (payer_claim_number)
    where payer_claim_number is not null;

-- A row an adjustment of an answer, in the order of the answer.
create table {schema}.adjustment (
    response_id  bigint   not null references {schema}.response,
    place        integer  not null,
    line         integer,
    group_code   text     not null,
    reason_code  text     not null,
    amount       numeric,
    remark_codes text[]   not null default '{}',
    primary key (response_id, place)
);

-- ISA13 has nine digits; a number is given once and never again, not even after a rollback.
create sequence {schema}.x12_control_number as integer minvalue 1 maxvalue 999999999 no cycle;

-- The one file of a claim: number, name and bytes are fixed before anything is written to a folder.
create table {schema}.x12_interchange (
    claim_id       uuid        primary key references {schema}.claim,
    control_number integer     not null unique check (control_number between 1 and 999999999),
    -- CLM01, by which 277CA and 835 name the claim.
    account_number text        not null unique,
    file_name      text        not null unique,
    folder         text        not null,
    body           bytea       not null,
    created_at     timestamptz not null default now(),
    -- The file lies whole beside the folder; after this it is only ever moved, never written again.
    staged_at      timestamptz,
    released_at    timestamptz,
    check ((released_at is not null) <= (staged_at is not null))
);

-- Every file that was read from a payer, by its content: none is read twice.
create table {schema}.x12_file (
    sha256     text        primary key,
    payer_id   text        not null,
    file_name  text        not null,
    outcome    text        not null check (outcome in ('read', 'quarantined')),
    reason     text,
    -- Where in the file, such as 'segment 17'.
    place      text,
    answers    integer     not null default 0,
    unmatched  integer     not null default 0,
    read_at    timestamptz not null default now(),
    check ((outcome = 'quarantined') = (reason is not null))
);

-- Answers that name no claim of ours, whole, for an operator.
create table {schema}.x12_unmatched (
    unmatched_id bigint generated always as identity primary key,
    sha256       text   not null references {schema}.x12_file,
    reason       text   not null,
    body         bytea  not null
);

-- What an 835 pays or takes back beside all claims (PLB).
create table {schema}.x12_provider_adjustment (
    sha256      text    not null references {schema}.x12_file,
    place       integer not null,
    reason_code text    not null,
    reference   text    not null,
    amount      numeric not null,
    primary key (sha256, place)
);
