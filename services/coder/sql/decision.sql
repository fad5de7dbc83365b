-- name: insert_decisions
-- Append decisions in the order in which they were made; arrays come as their text.
insert into {schema}.decision (
    decision_id, chart_id, chart_version, action, suggestion_id, addition_id, undone_id, system, code, display,
    on_admission, reason, targets, modifiers, units, linked, decided_by, practitioner
)
select decision_id, :chart_id::uuid, :chart_version::integer, action, suggestion_id, addition_id, undone_id, system,
       code, display, on_admission, reason, targets::uuid[], modifiers::text[], units, linked::uuid[], :decided_by,
       :practitioner
from unnest(
    :decision_ids::uuid[], :actions::text[], :suggestion_ids::uuid[], :addition_ids::uuid[], :undone_ids::uuid[],
    :systems::text[], :codes::text[], :displays::text[], :on_admissions::text[], :reasons::text[], :targets::text[],
    :modifiers::text[], :units::integer[], :linked::text[]
) with ordinality as made (
    decision_id, action, suggestion_id, addition_id, undone_id, system, code, display, on_admission, reason, targets,
    modifiers, units, linked, made_at
)
order by made_at;

-- name: read_decisions
-- The decisions about a chart version in the order in which they were made.
select decision_id, action, coalesce(suggestion_id, addition_id, undone_id, decision_id) as target_id,
       system, code, display, on_admission, reason, targets, modifiers, units, linked, decided_by, practitioner,
       decided_at
from {schema}.decision
where chart_id = :chart_id and chart_version = :chart_version
order by position;
