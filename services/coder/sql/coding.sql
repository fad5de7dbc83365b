-- name: insert_coding
-- Keep a finished coding as it is sent.
insert into {schema}.coding (chart_id, coding_version, chart_version, claim_id, claim, provenance, completed_by)
values (
    :chart_id, :coding_version, :chart_version, :claim_id, :claim, :provenance, :completed_by
);

-- name: read_coding
-- A finished coding as it was sent.
select claim, provenance
from {schema}.coding
where chart_id = :chart_id and coding_version = :coding_version;

-- name: list_coded_claims
-- What was billed of a chart so far, newest first.
select claim from {schema}.coding where chart_id = :chart_id order by coding_version desc;

-- name: insert_returned
-- Why codings came back; the same news twice is one row.
insert into {schema}.returned_coding (chart_id, coding_version, message_id, findings)
select * from unnest(
    :chart_ids::uuid[], :coding_versions::integer[], :message_ids::text[], :findings::text[]
)
on conflict do nothing;

-- name: read_findings
-- What billing said about a coding, in order of arrival.
select findings
from {schema}.returned_coding
where chart_id = :chart_id and coding_version = :coding_version
order by returned_at, message_id;
