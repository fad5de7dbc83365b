-- name: ask_screening
-- Have a chart version looked at that the engine has answered for, where its service line asks for it. What was coded
-- before, belongs to somebody, or is closed to most is for people.
insert into {schema}.screening (chart_id, chart_version, service_line)
select item.chart_id, item.chart_version, lane.service_line
from {schema}.work_item as item
join {schema}.lane using (lane_id)
left join {schema}.automation_line as line using (service_line)
where item.chart_id = :chart_id and item.coding_version = 0 and item.assigned_to is null and lane.restrictions = '{}'
  and (line.mode in ('shadow', 'active') or :seeding::boolean)
on conflict do nothing;

-- name: list_waiting_screenings
-- Chart versions to look at, the first that came first.
select chart_id, chart_version, service_line
from {schema}.screening
where verdict is null
order by asked_at
limit :limit;

-- name: lock_untouched
-- Hold a chart version that nobody has had; no row when somebody has it or it is not open.
select item.work_item_id
from {schema}.work_item as item
where item.chart_id = :chart_id and item.chart_version = :chart_version
  and item.state = 'open' and item.assigned_to is null and item.coding_version = 0
  and not exists (
      select from {schema}.decision
      where decision.chart_id = item.chart_id and decision.chart_version = item.chart_version
  )
for update;

-- name: settle_screening
-- What was found about a chart version; no row when another process found it first.
update {schema}.screening
set verdict = :verdict, trial_id = :trial_id, answer = :answer,
    closed_at = case when :closes::boolean then now() end
where chart_id = :chart_id and chart_version = :chart_version and verdict is null
returning chart_id;

-- name: lease_untouched
-- The automation takes the chart that `lock_untouched` holds.
update {schema}.work_item
set state = 'leased', lease_token = gen_random_uuid(), lease_holder = :holder,
    lease_expires_at = now() + interval '1 minute', revision = revision + 1, changed_at = now()
where work_item_id = :work_item_id
returning lease_token;

-- name: find_answer
-- What the automation would have coded, where a person codes the chart version.
select service_line, answer
from {schema}.screening
where chart_id = :chart_id and chart_version = :chart_version and answer is not null and closed_at is null
  and agreed is null;

-- name: observe_answer
-- Whether a person came to the same.
update {schema}.screening
set agreed = :agreed, observed_at = clock_timestamp()
where chart_id = :chart_id and chart_version = :chart_version
returning trial_id;

-- name: count_observation
-- One more observation of a trial.
update {schema}.automation_trial
set observed = observed + 1, agreed = agreed + case when :agreed::boolean then 1 else 0 end
where trial_id = :trial_id;

-- name: list_recent_observations
-- The latest observations of a trial, the last one first.
select agreed
from {schema}.screening
where trial_id = :trial_id and agreed is not null
order by observed_at desc
limit :limit;

-- name: make_line
-- A service line that nobody has spoken about is off.
insert into {schema}.automation_line (service_line, mode, changed_by, why)
values (:service_line, 'off', 'automation', 'nobody has turned it on')
on conflict do nothing;

-- name: lock_line
-- Hold a service line until the transaction ends; taken after work items.
select line.service_line, line.mode, line.changed_by, line.changed_at, line.why, line.revision, trial.trial_id, trial.engine,
       trial.code_set, trial.lexicon, trial.policy, trial.attempt, trial.observed, trial.agreed
from {schema}.automation_line as line
left join {schema}.automation_trial as trial using (trial_id)
where line.service_line = :service_line
for update of line;

-- name: list_lines
-- All service lines that have charts or a mode.
select known.service_line, coalesce(line.mode, 'off') as mode, coalesce(line.changed_by, '') as changed_by, line.changed_at,
       coalesce(line.why, '') as why, coalesce(line.revision, 0) as revision, trial.trial_id, trial.engine, trial.code_set, trial.lexicon, trial.policy,
       trial.attempt, trial.observed, trial.agreed
from (
    select distinct lane.service_line from {schema}.lane where lane.service_line <> ''
    union
    select automation_line.service_line from {schema}.automation_line
) as known
left join {schema}.automation_line as line using (service_line)
left join {schema}.automation_trial as trial on trial.trial_id = line.trial_id
order by known.service_line;

-- name: change_line
-- A service line's new mode and trial, and the same on record.
with changed as (
    update {schema}.automation_line
    set mode = :mode, trial_id = :trial_id, changed_by = :changed_by, changed_at = now(), why = :why,
        revision = revision + 1
    where service_line = :service_line
    returning service_line, mode, trial_id, changed_by, why
)
insert into {schema}.automation_change (service_line, mode, trial_id, changed_by, why)
select * from changed;

-- name: count_trials
-- How many trials of a service line were about a version.
select count(*)
from {schema}.automation_trial
where service_line = :service_line and engine = :engine and code_set = :code_set and lexicon = :lexicon
  and policy = :policy;

-- name: insert_trial
-- A new trial.
insert into {schema}.automation_trial (service_line, engine, code_set, lexicon, policy, attempt)
values (:service_line, :engine, :code_set, :lexicon, :policy, :attempt)
returning trial_id;

-- name: count_screened
-- What became of the charts of each service line that were looked at since a moment.
select service_line,
       count(*) filter (where verdict is not null and verdict <> 'not-asked') as looked_at,
       count(*) filter (where answer is not null) as qualified,
       count(*) filter (where closed_at is not null) as closed
from {schema}.screening
where asked_at >= :since
group by service_line;

-- name: list_mode_changes
-- How a service line's mode changed, the latest first; the page before a position.
select position, mode, changed_by, changed_at, why
from {schema}.automation_change
where service_line = :service_line and (:before::bigint is null or position < :before)
order by position desc
limit :limit;
