-- name: insert_charts
-- Keep new chart versions whole; one that another process has just stored is left as it is.
insert into {schema}.chart (chart_id, chart_version, status, encounter_class, setting, service_date, content)
select * from unnest(
    :chart_ids::uuid[], :chart_versions::integer[], :statuses::text[], :encounter_classes::text[],
    :settings::text[], :service_dates::date[], :contents::text[]
)
on conflict (chart_id, chart_version) do nothing;

-- name: read_chart
-- One chart version, whole.
select content from {schema}.chart where chart_id = :chart_id and chart_version = :chart_version;
