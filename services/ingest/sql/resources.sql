-- name: lock_resources
-- The versions applied last of these resources, locked in one order so that two batches cannot wait for each other.
select resource_type, resource_id, digest, version_number, updated_at
from {schema}.resource
where (resource_type, resource_id) in (
    select * from unnest(:resource_types::text[], :resource_ids::text[])
)
order by resource_type, resource_id
for update;

-- name: find_seen_digests
-- Which of these contents were applied at any time.
select version.resource_type, version.resource_id, version.digest
from {schema}.resource_version as version
join unnest(:resource_types::text[], :resource_ids::text[], :digests::text[])
     as arriving (resource_type, resource_id, digest)
  using (resource_type, resource_id, digest);

-- name: append_resource_versions
-- Keep every applied version, in one order, so that two batches with the same resources cannot wait for each other.
insert into {schema}.resource_version (resource_type, resource_id, digest, version, body)
select *
from unnest(
    :resource_types::text[], :resource_ids::text[], :digests::text[], :versions::text[], :bodies::bytea[]
) as version (resource_type, resource_id, digest, version, body)
order by resource_type, resource_id, digest
on conflict do nothing;

-- name: upsert_resources
-- Point to the current versions. A row that someone else made since lock_resources is left alone and not counted;
-- a link to an encounter that was found by period outlives a version without one.
insert into {schema}.resource as resource (
    resource_type, resource_id, digest, version, version_number, updated_at,
    status, patient_id, encounter_id, occurred_at, refers_to
)
select
    resource_type, resource_id, digest, version, version_number, updated_at,
    status, patient_id, encounter_id, occurred_at,
    array(select jsonb_array_elements_text(refers_to::jsonb))
from unnest(
    :resource_types::text[], :resource_ids::text[], :digests::text[], :versions::text[],
    :version_numbers::bigint[], :updated_at::timestamptz[], :statuses::text[],
    :patient_ids::text[], :encounter_ids::text[], :occurred_at::timestamptz[], :refers_to::text[]
) as arriving (
    resource_type, resource_id, digest, version, version_number, updated_at,
    status, patient_id, encounter_id, occurred_at, refers_to
)
order by resource_type, resource_id
on conflict (resource_type, resource_id) do update
set digest = excluded.digest,
    version = excluded.version,
    version_number = excluded.version_number,
    updated_at = excluded.updated_at,
    status = excluded.status,
    patient_id = excluded.patient_id,
    encounter_id = coalesce(excluded.encounter_id, resource.encounter_id),
    occurred_at = excluded.occurred_at,
    refers_to = excluded.refers_to,
    applied_at = now()
where (resource.resource_type, resource.resource_id, resource.digest) in (
    select * from unnest(:locked_types::text[], :locked_ids::text[], :locked_digests::text[])
);

-- name: upsert_documents
-- The text of a document; its version moves only when the text does.
insert into {schema}.document as document (
    resource_type, resource_id, version, sha256, kind, title, authored_at, body
)
select resource_type, resource_id, 1, sha256, kind, title, authored_at, body
from unnest(
    :resource_types::text[], :resource_ids::text[], :sha256s::text[],
    :kinds::text[], :titles::text[], :authored_at::timestamptz[], :texts::text[]
) as arriving (resource_type, resource_id, sha256, kind, title, authored_at, body)
order by resource_type, resource_id
on conflict (resource_type, resource_id) do update
set version = document.version + (document.sha256 <> excluded.sha256)::integer,
    sha256 = excluded.sha256,
    kind = excluded.kind,
    title = excluded.title,
    authored_at = excluded.authored_at,
    body = excluded.body;

-- name: link_by_period
-- A report, or something given, without encounter belongs to the encounter of its patient whose period holds its time;
-- of several, to the shortest. Returns the encounters that gained one. The types are those of index resource_unlinked.
update {schema}.resource as linked
set encounter_id = best.encounter_id
from {schema}.resource as unlinked
cross join lateral (
    select chart.encounter_id
    from {schema}.chart
    where chart.patient_id = unlinked.patient_id
      and chart.period_start <= unlinked.occurred_at
      and coalesce(chart.period_end, 'infinity') >= unlinked.occurred_at
    order by coalesce(chart.period_end, 'infinity') - chart.period_start, chart.encounter_id
    limit 1
) as best
where unlinked.patient_id = any(:patient_ids::text[])
  and unlinked.encounter_id is null
  and unlinked.resource_type in (
      'DiagnosticReport', 'Composition', 'DocumentReference',
      'Procedure', 'MedicationAdministration', 'SupplyDelivery', 'DeviceUseStatement', 'Immunization'
  )
  and linked.resource_type = unlinked.resource_type
  and linked.resource_id = unlinked.resource_id
returning best.encounter_id;
