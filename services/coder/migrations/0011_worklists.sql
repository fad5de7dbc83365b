-- Worklists, who works on them, and each chart's place: docs/decisions/0010-places-in-the-queue.md says why it is so.

-- A list is a rule over what a chart is; an empty criterion lets everything through.
create table {schema}.worklist (
    list_id           text        primary key check (list_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    title             text        not null check (title <> ''),
    kind              text        not null check (kind in ('default', 'custom')),
    -- A chart's default list is the first by position that lets it through.
    position          integer     not null,
    service_lines     text[]      not null default '{}',
    specialties       text[]      not null default '{}',
    facilities        text[]      not null default '{}',
    encounter_classes text[]      not null default '{}',
    payers            text[]      not null default '{}',
    states            text[]      not null default '{}',
    revision          bigint      not null default 1,
    check (kind = 'custom' or states = '{}')
);
insert into {schema}.worklist (list_id, title, kind, position)
values ('everything-else', 'Everything else', 'default', 2147483647);

-- Charts that no rule and no right can tell apart: a few hundred rows, whatever the number of charts. A changed rule
-- moves lanes, never charts.
create table {schema}.lane (
    lane_id         integer primary key generated always as identity,
    service_line    text    not null,
    specialty       text    not null,
    facility        text    not null,
    encounter_class text    not null,
    payer           text    not null,
    restrictions    text[]  not null check (restrictions <@ '{vip,employee,restricted}'),
    default_list    text    not null references {schema}.worklist,
    -- All lists that let its charts through, and those of them from which open charts are leased.
    lists           text[]  not null default '{}',
    leased_from     text[]  not null default '{}',
    unique (service_line, specialty, facility, encounter_class, payer, restrictions)
);

-- What a coder works on; nothing named is no limit, and so is having no row.
create table {schema}.coder (
    subject     text   primary key check (subject <> ''),
    lists       text[] not null default '{}',
    specialties text[] not null default '{}',
    facilities  text[] not null default '{}',
    -- Who the coder is as a patient: charts to keep away.
    own_records text[] not null default '{}',
    revision    bigint not null default 1
);

insert into {schema}.lane (
    service_line, specialty, facility, encounter_class, payer, restrictions, default_list, lists, leased_from
) values ('', '', '', '', '', '{}', 'everything-else', '{everything-else}', '{everything-else}');

drop index {schema}.work_item_open;
drop index {schema}.work_item_suggesting;
alter table {schema}.work_item
    drop column priority,
    -- Of equally urgent charts the first to arrive comes first.
    add column arrival          bigint      not null generated always as identity,
    add column lane_id          integer     references {schema}.lane,
    add column patient          text        not null default '',
    -- When a share of its filing limit is used up; what else matters moves `urgent_by` away from it, in hours.
    add column due_at           timestamptz,
    add column charge_hours     integer     not null default 0 check (charge_hours >= 0),
    add column flag_hours       integer     not null default 0 check (flag_hours >= 0),
    add column complexity_hours integer     not null default 0 check (complexity_hours >= 0),
    -- Raised by billing or by a lead, until the chart is completed.
    add column raised_hours     integer     not null default 0 check (raised_hours >= 0),
    add column raised_why       text[]      not null default '{}',
    -- What the parts were computed from, to show them.
    add column rank_facts       jsonb       not null default '{}',
    add column assigned_to      text,
    add column assigned_by      text,
    add constraint work_item_raised check ((raised_hours > 0) = (raised_why <> '{}')),
    add constraint work_item_assigned check (num_nulls(assigned_to, assigned_by) in (0, 2));
update {schema}.work_item
set due_at = created_at, lane_id = (select lane_id from {schema}.lane where encounter_class = '' limit 1);
alter table {schema}.work_item
    alter column lane_id set not null,
    alter column due_at set not null,
    -- The order of the queue: an instant, so that time passing changes no chart's place among the others.
    add column urgent_by timestamptz not null generated always as (
        (due_at at time zone 'UTC' - make_interval(hours => charge_hours + flag_hours + complexity_hours + raised_hours))
        at time zone 'UTC'
    ) stored;

create index work_item_open on {schema}.work_item (lane_id, urgent_by, arrival)
    where state = 'open' and assigned_to is null;
create index work_item_front on {schema}.work_item (urgent_by, arrival)
    where state = 'open' and assigned_to is null;
create index work_item_assigned on {schema}.work_item (assigned_to, urgent_by, arrival)
    where assigned_to is not null and state = 'open';
create index work_item_suggesting on {schema}.work_item (urgent_by, arrival) where state = 'suggesting';
create index work_item_listed on {schema}.work_item (lane_id, state, urgent_by, arrival);

-- The lanes that a caller may see or, with `leasing`, take charts from: within the scope that their token names (null is
-- no limit) and within what they were assigned.
create function {schema}.lanes_within(
    caller text, scope_lists text[], scope_facilities text[], clearances text[], leasing boolean
) returns setof {schema}.lane language sql stable as $$
    -- Subqueries of their own, not a join: each is read once, whatever the plan.
    select lane.*
    from {schema}.lane
    cross join lateral (select case when leasing then lane.leased_from else lane.lists end as lists) as offered
    where lane.restrictions <@ clearances
      and (scope_lists is null or offered.lists && scope_lists)
      and (scope_facilities is null or lane.facility = any(scope_facilities))
      and (
          coalesce((select coder.lists from {schema}.coder where coder.subject = caller), '{}') = '{}'
          or offered.lists && (select coder.lists from {schema}.coder where coder.subject = caller)
      )
      and (
          coalesce((select coder.specialties from {schema}.coder where coder.subject = caller), '{}') = '{}'
          or lane.specialty = any((select coder.specialties from {schema}.coder where coder.subject = caller)::text[])
      )
      and (
          coalesce((select coder.facilities from {schema}.coder where coder.subject = caller), '{}') = '{}'
          or lane.facility = any((select coder.facilities from {schema}.coder where coder.subject = caller)::text[])
      )
$$;
