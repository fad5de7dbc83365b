-- name: insert_decisions
-- Append decisions in the order in which they were made.
insert into {schema}.decision (
    decision_id, chart_id, chart_version, action, suggestion_id, addition_id, system, code, display, on_admission,
    reason, decided_by, practitioner
)
select decision_id, :chart_id::uuid, :chart_version::integer, action, suggestion_id, addition_id, system, code, display,
       on_admission, reason, :decided_by, :practitioner
from unnest(
    :decision_ids::uuid[], :actions::text[], :suggestion_ids::uuid[], :addition_ids::uuid[], :systems::text[],
    :codes::text[], :displays::text[], :on_admissions::text[], :reasons::text[]
) with ordinality as made (
    decision_id, action, suggestion_id, addition_id, system, code, display, on_admission, reason, made_at
)
order by made_at;

-- name: read_decisions
-- The decisions about a chart version in the order in which they were made.
select decision_id, action, coalesce(suggestion_id, addition_id, decision_id) as target_id,
       system, code, display, on_admission, reason, decided_by, practitioner, decided_at
from {schema}.decision
where chart_id = :chart_id and chart_version = :chart_version
order by position;
