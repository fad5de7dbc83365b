-- name: lock_charts
-- Every chart that this batch touches, in one order, before any of them is written. The test for empty arrays lets the
-- partial index answer.
select encounter_id, hold_until
from {schema}.chart
where encounter_id = any(:encounter_ids::text[]) or (missing <> '{}' and missing && :found::text[])
order by encounter_id
for update;

-- name: upsert_charts
-- A chart for each encounter, due for a decision. An encounter that stays ended keeps the hold that runs.
insert into {schema}.chart as chart (
    encounter_id, patient_id, encounter_class, encounter_status, period_start, period_end,
    learned_at, hold_until, evaluate_at
)
select
    encounter_id, patient_id, encounter_class, encounter_status, period_start, period_end,
    :now::timestamptz, hold_until, :evaluate_at::timestamptz
from unnest(
    :encounter_ids::text[], :patient_ids::text[], :classes::text[], :statuses::text[],
    :period_starts::timestamptz[], :period_ends::timestamptz[], :hold_until::timestamptz[]
) as arriving (encounter_id, patient_id, encounter_class, encounter_status, period_start, period_end, hold_until)
order by encounter_id
on conflict (encounter_id) do update
set patient_id = excluded.patient_id,
    encounter_class = excluded.encounter_class,
    encounter_status = excluded.encounter_status,
    period_start = excluded.period_start,
    period_end = excluded.period_end,
    learned_at = case when chart.hold_until is null then excluded.learned_at else chart.learned_at end,
    hold_until = case when excluded.hold_until is null then null
                      else coalesce(chart.hold_until, excluded.hold_until) end,
    evaluate_at = least(chart.evaluate_at, excluded.evaluate_at);

-- name: schedule_charts
-- Look again at the charts of these encounters, and at those that miss what has just been found.
update {schema}.chart
set evaluate_at = least(evaluate_at, :evaluate_at::timestamptz)
where encounter_id = any(:encounter_ids::text[]) or (missing <> '{}' and missing && :found::text[]);

-- name: lock_due_charts
-- The charts whose time has come, skipping those that another process has in hand.
select
    chart_id, encounter_id, patient_id, encounter_class, encounter_status,
    state, chart_version, fingerprint, learned_at, hold_until
from {schema}.chart
where evaluate_at <= :now::timestamptz
order by evaluate_at
limit :limit
for update skip locked;

-- name: read_encounter_resources
-- All that these encounters have of their own: the encounter, its documents and the clinical facts of `kinds`.
select
    resource.encounter_id, resource.resource_type, resource.resource_id, resource.status, resource.refers_to,
    version.version, version.body,
    document.version as document_version, document.kind, document.title, document.authored_at, document.body as text
from {schema}.resource
join {schema}.resource_version as version using (resource_type, resource_id, digest)
left join {schema}.document using (resource_type, resource_id)
where resource.encounter_id = any(:encounter_ids::text[])
  and resource.resource_type = any(:kinds::text[])
order by resource.encounter_id, coalesce(document.authored_at, resource.occurred_at), resource.resource_id;

-- name: read_coverages
-- The coverages of these patients.
select resource.patient_id, resource_type, resource_id, resource.status, resource.refers_to,
       version.version, version.body
from {schema}.resource
join {schema}.resource_version as version using (resource_type, resource_id, digest)
where resource.resource_type = 'Coverage' and resource.patient_id = any(:patient_ids::text[])
order by resource_id;

-- name: read_resources
-- The current versions of these resources.
select resource_type, resource_id, resource.status, resource.refers_to, version.version, version.body
from {schema}.resource
join {schema}.resource_version as version using (resource_type, resource_id, digest)
where (resource_type, resource_id) in (select * from unnest(:resource_types::text[], :resource_ids::text[]));

-- name: settle_charts
-- Write what was decided for each chart; an emitted one has a new version, state and fingerprint.
update {schema}.chart
set state = decided.state,
    chart_version = decided.chart_version,
    fingerprint = decided.fingerprint,
    missing = array(select jsonb_array_elements_text(decided.missing::jsonb)),
    evaluate_at = decided.evaluate_at,
    emitted_at = case when decided.chart_version > chart.chart_version then :now::timestamptz else chart.emitted_at end
from unnest(
    :chart_ids::uuid[], :states::text[], :chart_versions::integer[], :fingerprints::text[],
    :missing::text[], :evaluate_at::timestamptz[]
) as decided (chart_id, state, chart_version, fingerprint, missing, evaluate_at)
where chart.chart_id = decided.chart_id;

-- name: read_chart
-- One chart, without anything that was written about the patient.
select
    chart_id, state, chart_version, encounter_class, encounter_status, hold_until, evaluate_at, emitted_at,
    cardinality(missing) as missing_count,
    (select count(*)
     from {schema}.resource
     join {schema}.document using (resource_type, resource_id)
     where resource.encounter_id = chart.encounter_id and document.body <> '') as document_count
from {schema}.chart
where chart_id = :chart_id::uuid;
