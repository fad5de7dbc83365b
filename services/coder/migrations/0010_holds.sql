-- Holds: named, reversible pauses before billing. A chart is on hold exactly while one of its holds is effective.

create table {schema}.hold (
    hold_id       uuid        primary key default gen_random_uuid(),
    chart_id      uuid        not null,
    chart_version integer     not null,
    reason        text        not null check (reason in ('pending-report', 'pending-query', 'registration-problem')),
    note          text,
    -- The day on which somebody must look again.
    review_on     date        not null,
    placed_by     text        not null,
    placed_at     timestamptz not null default now(),
    lifted_by     text,
    lifted_at     timestamptz,
    lifted_why    text        check (lifted_why in ('settled', 'late-document', 'withdrawn')),
    foreign key (chart_id, chart_version) references {schema}.chart,
    check (num_nulls(lifted_by, lifted_at, lifted_why) in (0, 3))
);
create index hold_of_chart on {schema}.hold (chart_id, placed_at);
create index hold_to_review on {schema}.hold (review_on, hold_id) where lifted_at is null;

alter table {schema}.work_item
    -- How many holds are effective.
    add column holds integer not null default 0 check (holds >= 0),
    drop constraint work_item_state,
    add constraint work_item_state check (
        state in ('suggesting', 'open', 'leased', 'on-hold', 'completed', 'failed', 'withdrawn')
    ),
    add constraint work_item_on_hold check ((state = 'on-hold') = (holds > 0));
