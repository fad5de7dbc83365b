-- name: insert_seed
-- Plant a seed: a copy of a true suggestion, evidence and all, with another code and nothing to learn from.
with host as (
    select * from {schema}.suggestion where suggestion_id = :host_id
),
planted as (
    insert into {schema}.suggestion (
        suggestion_id, chart_id, chart_version, rank, system, code, display, confidence, selected, assertion, missing, why
    )
    select :seed_id::uuid, chart_id, chart_version,
           (select max(rank) + 1 from {schema}.suggestion as other
            where other.chart_id = host.chart_id and other.chart_version = host.chart_version),
           system, :code::text, :display::text, confidence, true, assertion, '{}', why
    from host
    returning suggestion_id, chart_id, chart_version
),
cited as (
    insert into {schema}.evidence (
        suggestion_id, position, document_id, document_version, start_at, end_at, sha256
    )
    select planted.suggestion_id, evidence.position, document_id, document_version, start_at, end_at, sha256
    from planted, {schema}.evidence
    where evidence.suggestion_id = :host_id
)
insert into {schema}.seed (suggestion_id, host_id, chart_id, chart_version, place)
select planted.suggestion_id, :host_id, planted.chart_id, planted.chart_version, :place from planted;

-- name: read_seeds
-- The seeds of a chart version, as suggestions.
select suggestion.*, seed.host_id, seed.place, seed.outcome
from {schema}.seed
join {schema}.suggestion using (suggestion_id)
where seed.chart_id = :chart_id and seed.chart_version = :chart_version;

-- name: settle_seed
-- What a coder did with a seed; the first time counts.
update {schema}.seed
set outcome = :outcome, coder = :coder, settled_at = now()
where suggestion_id = :suggestion_id and outcome is null;
