-- name: insert_run
-- Which engine answered for a chart version, and how long it took.
insert into {schema}.suggestion_run (
    chart_id, chart_version, engine, code_set, lexicon, learned, indicators, seconds, is_new_patient
)
values (
    :chart_id, :chart_version, :engine, :code_set, :lexicon, :learned, :indicators, :seconds, :is_new_patient
);

-- name: insert_suggestions
-- The suggestions of a chart version in order of rank; lists come as JSON, for arrays of arrays cannot be ragged.
insert into {schema}.suggestion (
    suggestion_id, chart_id, chart_version, rank, system, code, display, confidence, selected, assertion, missing, why,
    entry, facts, modifiers, units, justified_by, place_of_service
)
select suggestion_id, :chart_id::uuid, :chart_version::integer, rank, system, code, display, confidence, selected,
       assertion, array(select jsonb_array_elements_text(missing::jsonb)), why, entry, facts::jsonb,
       array(select jsonb_array_elements_text(modifiers::jsonb)), units,
       array(select jsonb_array_elements_text(justified_by::jsonb)), place_of_service
from unnest(
    :suggestion_ids::uuid[], :systems::text[], :codes::text[], :displays::text[], :confidences::double precision[],
    :selected::boolean[], :assertions::text[], :missing::text[], :whys::text[], :entries::text[],
    :facts::text[], :modifiers::text[], :units::integer[], :justified_by::text[], :places_of_service::text[]
) with ordinality as suggestion (
    suggestion_id, system, code, display, confidence, selected, assertion, missing, why, entry, facts, modifiers, units,
    justified_by, place_of_service, rank
);

-- name: insert_evidence
-- The spans that justify suggestions.
insert into {schema}.evidence (
    suggestion_id, position, document_id, document_version, start_at, end_at, sha256
)
select * from unnest(
    :suggestion_ids::uuid[], :positions::integer[], :document_ids::text[], :document_versions::integer[],
    :starts::integer[], :ends::integer[], :hashes::text[]
);

-- name: read_run
-- Which engine answered for a chart version.
select engine, code_set, lexicon, learned, indicators, is_new_patient
from {schema}.suggestion_run
where chart_id = :chart_id and chart_version = :chart_version;

-- name: read_last_run
-- The last version of a chart for which an engine answered.
select max(chart_version) from {schema}.suggestion_run where chart_id = :chart_id;

-- name: read_suggestions
-- The suggestions of a chart version in the engine's order; a seed is none of the engine's.
select suggestion_id, system, code, display, confidence, selected, assertion, missing, why, entry, facts, modifiers,
       units, justified_by, place_of_service
from {schema}.suggestion
where chart_id = :chart_id and chart_version = :chart_version
  and not exists (select from {schema}.seed where seed.suggestion_id = suggestion.suggestion_id)
order by rank;

-- name: read_evidence
-- The spans of all suggestions of a chart version, in order.
select evidence.suggestion_id, document_id, document_version, start_at, end_at, sha256
from {schema}.evidence
join {schema}.suggestion on suggestion.suggestion_id = evidence.suggestion_id
where suggestion.chart_id = :chart_id and suggestion.chart_version = :chart_version
order by suggestion.rank, evidence.position;
