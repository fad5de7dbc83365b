-- name: find_recorded
-- Which of these positions have an outcome already: records that Kafka delivers again.
select inbox.topic, inbox.partition, inbox."offset"
from {schema}.inbox
join unnest(:topics::text[], :partitions::integer[], :offsets::bigint[]) as seen (topic, partition, "offset")
  on inbox.topic = seen.topic and inbox.partition = seen.partition and inbox."offset" = seen."offset";

-- name: find_known_messages
-- Which of these message ids were applied before.
select distinct message_id
from {schema}.inbox
where topic = :topic and message_id = any(:message_ids::text[]) and outcome = 'applied';

-- name: record_outcomes
-- One row a record, and the partition's count and position with them.
with recorded as (
    insert into {schema}.inbox (topic, partition, "offset", message_id, outcome, reason)
    select * from unnest(
        :topics::text[], :partitions::integer[], :offsets::bigint[],
        :message_ids::text[], :outcomes::text[], :reasons::text[]
    )
    returning topic, partition, "offset"
)
insert into {schema}.inbox_progress as progress (topic, partition, records_seen, next_offset)
select topic, partition, count(*), max("offset") + 1
from recorded
group by topic, partition
order by topic, partition
on conflict (topic, partition) do update
set records_seen = progress.records_seen + excluded.records_seen,
    next_offset = greatest(progress.next_offset, excluded.next_offset);
