-- name: insert_query
-- A draft.
insert into {schema}.query (query_id, chart_id, chart_version, state, content, written_by, practitioner, addressee)
values (:query_id, :chart_id, :chart_version, 'draft', :content, :written_by, :practitioner, :addressee);

-- name: revise_query
-- A draft in other words; no row when somebody else was faster, or it is no draft any more.
update {schema}.query
set content = :content, addressee = :addressee, chart_version = :chart_version, revision = revision + 1
where query_id = :query_id and state = 'draft' and revision = :revision
returning revision;

-- name: send_query
-- The clinician gets it; the draft must be the one that was linted.
update {schema}.query
set state = 'sent', sent_at = :sent_at, due_at = :due_at, next_look_at = :next_look_at, hold_id = :hold_id,
    revision = revision + 1
where query_id = :query_id and state = 'draft' and revision = :revision
returning query_id;

-- name: lock_query
-- One query, held until the transaction ends.
select * from {schema}.query where query_id = :query_id for update;

-- name: read_query
-- One query.
select * from {schema}.query where query_id = :query_id;

-- name: list_queries_of_chart
-- A page of the queries of a chart, the oldest first; all without a limit.
select * from {schema}.query
where chart_id = :chart_id
  and (:after_at::timestamptz is null or (written_at, query_id) > (:after_at, :after_id::uuid))
order by written_at, query_id
limit :limit::integer;

-- name: list_queries_to
-- What a clinician was asked, the latest first; drafts are nobody's but their writers'.
select * from {schema}.query
where addressee = :addressee and state <> 'draft' and sent_at is not null
  and (:after_at::timestamptz is null or (sent_at, query_id) < (:after_at, :after_id::uuid))
order by sent_at desc, query_id desc
limit :limit;

-- name: count_open_queries
-- How many drafts and sent queries keep a chart from being completed.
select count(*) filter (where state = 'draft') as drafts, count(*) filter (where state = 'sent') as sent
from {schema}.query
where chart_id = :chart_id and state in ('draft', 'sent');

-- name: answer_query
-- An answer has come: late ones count too.
update {schema}.query
set state = 'answered', answer = :answer, addendum = coalesce(:addendum::text, addendum), answered_at = :answered_at,
    closed_at = coalesce(closed_at, :answered_at), next_look_at = null
where query_id = :query_id and state in ('sent', 'answered', 'unanswered');

-- name: withdraw_query
-- Taken back.
update {schema}.query
set state = 'withdrawn', closed_at = now(), next_look_at = null
where query_id = :query_id and state in ('draft', 'sent')
returning query_id;

-- name: close_unanswered
-- Its time has passed.
update {schema}.query
set state = 'unanswered', closed_at = :now, next_look_at = null
where query_id = :query_id and state = 'sent';

-- name: readdress_query
-- Another clinician, or a reminder or escalation to the same one.
update {schema}.query
set addressee = :addressee, reminders = :reminders, escalated_at = :escalated_at, due_at = :due_at,
    next_look_at = :next_look_at
where query_id = :query_id and state = 'sent';

-- name: lock_due_queries
-- Queries whose time has come for a reminder, an escalation or the end; those that another process has are skipped.
select * from {schema}.query
where state = 'sent' and next_look_at <= :now
order by next_look_at
limit :limit
for update skip locked;

-- name: insert_query_event
-- What happened to a query.
insert into {schema}.query_event (query_id, event, actor, detail, happened_at)
values (:query_id, :event, :actor, :detail, :happened_at);

-- name: list_query_events
-- What happened to these queries, in order.
select query_id, event, actor, detail, happened_at
from {schema}.query_event
where query_id = any(:query_ids::uuid[])
order by position;
