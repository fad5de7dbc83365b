-- Audits of earlier coding: a sample of finished codings, what another person would have coded, point by point, and what
-- became of each difference. Nothing here is ever changed.

create table {schema}.coding_audit (
    audit_id   uuid        primary key,
    title      text        not null check (title <> ''),
    -- How the sample was drawn, as AuditRequest; with `seed` the same charts are drawn from the same population.
    criteria   text        not null,
    method     text        not null check (method in ('random', 'changed', 'quick', 'drg-severity')),
    seed       text        not null check (seed <> ''),
    -- How many codings fitted the criteria.
    population integer     not null check (population > 0),
    -- The reviewer codes the chart before seeing how it was coded.
    blind      boolean     not null,
    drawn_by   text        not null,
    drawn_at   timestamptz not null default now()
);
create index coding_audit_drawn on {schema}.coding_audit (drawn_at, audit_id);

create table {schema}.sampled_coding (
    audit_id       uuid    not null references {schema}.coding_audit,
    chart_id       uuid    not null,
    coding_version integer not null,
    position       integer not null check (position > 0),
    primary key (audit_id, chart_id),
    foreign key (chart_id, coding_version) references {schema}.coding
);

-- What the reviewer of a blind audit coded before the first coding was shown.
create table {schema}.blind_coding (
    audit_id uuid        not null,
    chart_id uuid        not null,
    reviewer text        not null,
    codes    text        not null,
    coded_at timestamptz not null default now(),
    primary key (audit_id, chart_id),
    foreign key (audit_id, chart_id) references {schema}.sampled_coding
);

-- The coding that the reviewer holds to be right.
create table {schema}.coding_review (
    audit_id     uuid        not null,
    chart_id     uuid        not null,
    reviewer     text        not null,
    practitioner text        not null,
    codes        text        not null,
    reviewed_at  timestamptz not null default clock_timestamp(),
    primary key (audit_id, chart_id),
    foreign key (audit_id, chart_id) references {schema}.sampled_coding
);
create index coding_review_day on {schema}.coding_review (reviewed_at);

-- One point of a review: what was coded beside what is right; null where one of them has nothing there.
create table {schema}.judgement (
    judgement_id uuid    primary key,
    audit_id     uuid    not null,
    chart_id     uuid    not null,
    position     integer not null check (position > 0),
    category     text    not null check (category in (
        'principal', 'diagnosis', 'on-admission', 'procedure', 'visit-level', 'modifiers', 'units', 'drg'
    )),
    coded        text,
    correct      text,
    agreed       boolean not null generated always as (coded is not distinct from correct) stored,
    -- Why what is right is right, and the guideline that says so.
    reason       text,
    guideline    text,
    unique (audit_id, chart_id, position),
    foreign key (audit_id, chart_id) references {schema}.coding_review,
    constraint judgement_of_something check (num_nonnulls(coded, correct) > 0),
    -- The MS-DRG follows from the codes, whose differences have reasons.
    constraint judgement_reasoned check (category = 'drg' or (reason is null) = (coded is not distinct from correct)),
    constraint judgement_guideline check (guideline is null or reason is not null)
);
create index judgement_difference on {schema}.judgement (chart_id) where not agreed;

-- What became of a difference: the coder answers once, a lead closes once.
create table {schema}.difference_event (
    judgement_id uuid        not null references {schema}.judgement,
    event        text        not null check (event in ('accepted', 'rebutted', 'upheld', 'withdrawn')),
    step         text        not null generated always as (
        case when event in ('accepted', 'rebutted') then 'answer' else 'closing' end
    ) stored,
    actor        text        not null,
    words        text,
    happened_at  timestamptz not null default clock_timestamp(),
    primary key (judgement_id, step),
    constraint difference_reasoned check (event = 'accepted' or words is not null)
);

create trigger coding_audit_append_only before update or delete on {schema}.coding_audit
    for each row execute function {schema}.refuse_change();
create trigger sampled_coding_append_only before update or delete on {schema}.sampled_coding
    for each row execute function {schema}.refuse_change();
create trigger blind_coding_append_only before update or delete on {schema}.blind_coding
    for each row execute function {schema}.refuse_change();
create trigger coding_review_append_only before update or delete on {schema}.coding_review
    for each row execute function {schema}.refuse_change();
create trigger judgement_append_only before update or delete on {schema}.judgement
    for each row execute function {schema}.refuse_change();
create trigger difference_event_append_only before update or delete on {schema}.difference_event
    for each row execute function {schema}.refuse_change();
