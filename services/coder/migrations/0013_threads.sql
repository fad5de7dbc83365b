-- Second opinions: a question to a colleague or a list about a chart, and what was answered. Kept with the chart; never
-- part of a claim, and never what must be in a query.

create table {schema}.thread (
    thread_id        uuid        primary key,
    chart_id         uuid        not null,
    chart_version    integer     not null,
    -- The words that it is about: characters [start_at, end_at) of one document version; null for the whole chart.
    document_id      text,
    document_version integer,
    start_at         integer     check (start_at >= 0),
    end_at           integer,
    -- Who is asked: a coder's subject, or a list.
    asked_kind       text        not null check (asked_kind in ('colleague', 'list')),
    asked            text        not null,
    opened_by        text        not null,
    opened_at        timestamptz not null default now(),
    state            text        not null check (state in ('asked', 'answered', 'closed')),
    closed_at        timestamptz,
    foreign key (chart_id, chart_version) references {schema}.chart,
    check (num_nulls(document_id, document_version, start_at, end_at) in (0, 4)),
    check (start_at < end_at),
    check ((state = 'closed') = (closed_at is not null))
);
create index thread_chart on {schema}.thread (chart_id, opened_at);
create index thread_asked on {schema}.thread (asked_kind, asked, opened_at) where state <> 'closed';
create index thread_opened on {schema}.thread (opened_by, opened_at) where state <> 'closed';

create table {schema}.thread_post (
    thread_id uuid        not null references {schema}.thread,
    position  bigint      generated always as identity,
    author    text        not null,
    body      text        not null check (body <> ''),
    posted_at timestamptz not null default now(),
    primary key (thread_id, position)
);
create trigger thread_post_append_only before update or delete on {schema}.thread_post
    for each row execute function {schema}.refuse_change();
