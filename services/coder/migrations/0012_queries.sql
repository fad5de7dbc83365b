-- Questions to clinicians. docs/state-machines.md draws the states. A query is kept with the record: it is never deleted,
-- and what was sent is never changed.

create table {schema}.query (
    query_id      uuid        primary key,
    chart_id      uuid        not null,
    chart_version integer     not null,
    state         text        not null check (state in ('draft', 'sent', 'answered', 'unanswered', 'withdrawn')),
    -- Counts the changes of a draft; the ETag is made of it.
    revision      integer     not null default 1,
    -- QueryContent as JSON.
    content       text        not null,
    written_by    text        not null,
    practitioner  text        not null,
    written_at    timestamptz not null default now(),
    -- The clinician, such as Practitioner/dr-1.
    addressee     text        not null,
    sent_at       timestamptz,
    due_at        timestamptz,
    -- When the next reminder, escalation or the end is due.
    next_look_at  timestamptz,
    reminders     integer     not null default 0 check (reminders >= 0),
    escalated_at  timestamptz,
    -- The hold that sending placed on the chart.
    hold_id       uuid        references {schema}.hold,
    -- The answer as it came: a Communication, or a Bundle with its addendum.
    answer        text,
    answered_at   timestamptz,
    -- The reference of the document that counts as evidence.
    addendum      text,
    closed_at     timestamptz,
    foreign key (chart_id, chart_version) references {schema}.chart,
    constraint query_sent check (num_nulls(sent_at, due_at, hold_id) in (0, 3)),
    constraint query_draft check (state <> 'draft' or sent_at is null),
    constraint query_out check (state not in ('sent', 'answered', 'unanswered') or sent_at is not null),
    constraint query_looked_after check ((state = 'sent') = (next_look_at is not null)),
    constraint query_answered check (num_nulls(answer, answered_at) in (0, 2) and (state <> 'answered' or answer is not null)),
    constraint query_closed check ((state in ('draft', 'sent')) = (closed_at is null))
);
create index query_chart on {schema}.query (chart_id, written_at);
create index query_next_look on {schema}.query (next_look_at) where state = 'sent';
create index query_addressee on {schema}.query (addressee, sent_at) where state <> 'draft';

-- What happened to a query, by whom and why.
create table {schema}.query_event (
    query_id  uuid        not null references {schema}.query,
    position  bigint      generated always as identity,
    event     text        not null check (event in ('written', 'revised', 'overridden', 'sent', 'reminded', 'escalated',
        'reassigned', 'answered', 'addendum', 'unanswered', 'withdrawn')),
    actor     text        not null,
    -- A reason, the overridden rules, the new addressee, the hash of an answer.
    detail    text,
    happened_at timestamptz not null default now(),
    primary key (query_id, position)
);
create trigger query_event_append_only before update or delete on {schema}.query_event
    for each row execute function {schema}.refuse_change();

create function {schema}.keep_query() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'queries are kept with the record';
    end if;
    if old.state <> 'draft' and (new.content, new.chart_id, new.written_by) is distinct from
                                (old.content, old.chart_id, old.written_by) then
        raise exception 'a query that was sent is never changed';
    end if;
    return new;
end
$$;
create trigger query_kept before update or delete on {schema}.query for each row execute function {schema}.keep_query();
