-- name: find_barrier
-- Why a caller may not see the chart that an id belongs to (null: nothing), and until when they have opened it. Who
-- holds its lease, or was assigned it by a lead, is within scope.
with subject_of as (
    select case :kind
        when 'chart' then :id::uuid
        when 'work-item' then (select chart_id from {schema}.work_item where work_item_id = :id)
        when 'hold' then (select chart_id from {schema}.hold where hold_id = :id)
        when 'query' then (select chart_id from {schema}.query where query_id = :id)
        when 'thread' then (select chart_id from {schema}.thread where thread_id = :id)
        when 'difference' then (select chart_id from {schema}.judgement where judgement_id = :id)
    end as chart_id
)
select item.chart_id,
       case
           when item.patient = any(:own_records::text[]) or item.patient = any(own.own_records) then 'own-record'
           when not lane.restrictions <@ :clearances::text[] then 'restricted'
           when :subject in (item.lease_holder, item.assigned_to) then null
           when not (:lists::text[] is null or lane.lists && :lists::text[]) then 'out-of-scope'
           when not (:facilities::text[] is null or lane.facility = any(:facilities::text[])) then 'out-of-scope'
       end as barrier,
       (
           select max(glass.expires_at) from {schema}.broken_glass as glass
           where glass.chart_id = item.chart_id and glass.subject = :subject and glass.expires_at > now()
       ) as opened_until
from subject_of
join {schema}.work_item as item using (chart_id)
join {schema}.lane using (lane_id)
left join {schema}.coder as own on own.subject = :subject;

-- name: break_glass
-- Open a chart for a while.
insert into {schema}.broken_glass (chart_id, subject, practitioner, barrier, reason, expires_at)
values (:chart_id, :subject, :practitioner, :barrier, :reason, now() + :seconds * interval '1 second')
returning *;

-- name: list_unreviewed
-- What waits for a review, the oldest first.
select * from {schema}.broken_glass
where reviewed_by is null
  and (:after_at::timestamptz is null or (opened_at, glass_id) > (:after_at, :after_id::uuid))
order by opened_at, glass_id
limit :limit;

-- name: find_glass
-- One of them, held until the transaction ends.
select * from {schema}.broken_glass where glass_id = :glass_id for update;

-- name: review_glass
-- Keep what a lead found.
update {schema}.broken_glass
set reviewed_by = :reviewer, reviewed_at = now(), outcome = :outcome, note = :note
where glass_id = :glass_id
returning *;
