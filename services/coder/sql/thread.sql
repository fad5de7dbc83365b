-- name: insert_thread
-- A question to a colleague or a list.
insert into {schema}.thread (thread_id, chart_id, chart_version, document_id, document_version, start_at, end_at,
                             asked_kind, asked, opened_by, state)
values (:thread_id, :chart_id, :chart_version, :document_id, :document_version, :start_at, :end_at,
        :asked_kind, :asked, :opened_by, 'asked');

-- name: insert_post
-- What somebody wrote.
insert into {schema}.thread_post (thread_id, author, body) values (:thread_id, :author, :body);

-- name: lock_thread
-- One thread, held until the transaction ends.
select * from {schema}.thread where thread_id = :thread_id for update;

-- name: mark_thread_answered
-- Somebody else than its opener wrote.
update {schema}.thread set state = 'answered' where thread_id = :thread_id and state = 'asked';

-- name: close_thread
-- Nothing more is asked.
update {schema}.thread set state = 'closed', closed_at = now() where thread_id = :thread_id and state <> 'closed';

-- name: list_threads_of_chart
-- A page of the threads of a chart, the oldest first; all without a limit.
select * from {schema}.thread
where chart_id = :chart_id
  and (:after_at::timestamptz is null or (opened_at, thread_id) > (:after_at, :after_id::uuid))
order by opened_at, thread_id
limit :limit::integer;

-- name: list_threads_for
-- What a coder was asked, alone or on a list, and what the coder asked; the latest first.
select * from {schema}.thread
where state <> 'closed'
  and (opened_by = :subject or (asked_kind = 'colleague' and asked = :subject)
       or (asked_kind = 'list' and (:every_list::boolean or asked = any(:lists::text[]))))
  and (:after_at::timestamptz is null or (opened_at, thread_id) < (:after_at, :after_id::uuid))
order by opened_at desc, thread_id desc
limit :limit;

-- name: list_posts
-- What was written in these threads, in order.
select thread_id, author, body, posted_at
from {schema}.thread_post
where thread_id = any(:thread_ids::uuid[])
order by position;
