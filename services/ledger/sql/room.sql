-- name: read_partitions
-- What each partition has seen, by count and by rows.
select progress.topic, progress.partition, progress.next_offset, progress.records_seen,
       count(inbox.topic) as rows,
       count(*) filter (where inbox."offset" >= progress.next_offset) as rows_ahead
from {schema}.inbox_progress as progress
left join {schema}.inbox on inbox.topic = progress.topic and inbox.partition = progress.partition
group by progress.topic, progress.partition
order by progress.topic, progress.partition;

-- name: count_rows_without_progress
-- Outcomes of partitions that nothing counted.
select count(*)
from {schema}.inbox
where not exists (
    select from {schema}.inbox_progress as progress
    where progress.topic = inbox.topic and progress.partition = inbox.partition
);

-- name: count_outcomes
-- Records by topic and outcome.
select topic, outcome, count(*) as records
from {schema}.inbox
group by topic, outcome
order by topic, outcome;

-- name: count_unheld
-- Outcomes `quarantined` whose record is not in quarantine.
select count(*)
from {schema}.inbox
where outcome = 'quarantined'
  and not exists (
      select from {schema}.quarantine
      where quarantine.topic = inbox.topic
        and quarantine.partition = inbox.partition
        and quarantine."offset" = inbox."offset"
  );

-- name: count_outbox
-- Messages by what became of them.
select count(*) filter (where published_at is not null) as published,
       count(*) filter (where published_at is null and parked_at is null) as waiting,
       count(*) filter (where parked_at is not null) as parked
from {schema}.outbox;

-- name: read_published_ids
-- Events on a topic that the broker had acknowledged by a moment.
select message_id
from {schema}.outbox
where topic = :topic and message_id is not null and published_at < :before;

-- name: read_received_ids
-- Events on a topic that this service has given an outcome.
select message_id
from {schema}.inbox
where topic = :topic and message_id is not null;
