-- Answers to requests that carried an Idempotency-Key, so that a repetition gets the same one. A row is written in the
-- transaction that does the work; of the request it keeps a hash.
create table {schema}.given_answer (
    caller      text        not null,
    key         text        not null,
    fingerprint text        not null check (length(fingerprint) = 64),
    answer      text        not null,
    answered_at timestamptz not null default now(),
    primary key (caller, key)
);
create index given_answer_age on {schema}.given_answer (answered_at);
