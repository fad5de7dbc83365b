-- Restricted charts that somebody opened with a reason; each waits for a lead's review.

create table {schema}.broken_glass (
    glass_id     uuid        primary key default gen_random_uuid(),
    chart_id     uuid        not null,
    subject      text        not null check (subject <> ''),
    practitioner text        not null,
    barrier      text        not null check (barrier in ('own-record', 'restricted', 'out-of-scope')),
    reason       text        not null check (length(reason) between 10 and 500),
    opened_at    timestamptz not null default now(),
    expires_at   timestamptz not null,
    reviewed_by  text,
    reviewed_at  timestamptz,
    outcome      text        check (outcome in ('justified', 'unjustified')),
    note         text,
    constraint broken_glass_review_whole check (num_nulls(reviewed_by, reviewed_at, outcome) in (0, 3)),
    constraint broken_glass_reviewed_by_another check (reviewed_by is distinct from subject)
);
create index broken_glass_in_force on {schema}.broken_glass (chart_id, subject, expires_at);
create index broken_glass_to_review on {schema}.broken_glass (opened_at) where reviewed_by is null;
