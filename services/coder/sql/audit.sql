-- name: draw_sample
-- Finished codings that fit, as many as wanted, and how many there were. Chance is a hash of seed and chart: whoever has
-- both draws the same again. By risk, the riskiest come first and chance decides among equals.
with own as materialized (
    select :own_records::text[] || coalesce(
        (select own_records from {schema}.coder where subject = :caller::text), '{}'
    ) as records
),
finished as (
    select coding.chart_id, coding.coding_version, coding.claim, coding.completed_by, coding.chart_version
    from {schema}.coding
    join {schema}.work_item as item using (chart_id, coding_version)
    join {schema}.lanes_within(:caller, :lists::text[], :facilities::text[], :clearances::text[], false) as lane
        on lane.lane_id = item.lane_id
    where item.state = 'completed' and coding.completed_at >= :since and coding.completed_at < :until
      and item.patient <> all((select records from own)::text[])
      and (:coder::text is null or coding.completed_by = :coder)
      and (:list_id::text is null or :list_id = any(lane.lists))
      and (:service_line::text is null or lane.service_line = :service_line)
      and (:specialty::text is null or lane.specialty = :specialty)
),
fitting as (
    select finished.chart_id, finished.coding_version,
           case :method::text
               when 'changed' then made.changed
               when 'quick' then case when made.changed = 0 and made.accepted > 0 then made.accepted / made.seconds end
               when 'drg-severity' then
                   case when finished.claim like '% with MCC%' then 2 when finished.claim like '% with CC%' then 1 end
               else 0
           end as risk
    from finished
    left join lateral (
        select count(*) filter (where decision.action in ('change', 'reject', 'add'))::double precision as changed,
               count(*) filter (where decision.action = 'accept') as accepted,
               greatest(extract(epoch from max(decision.decided_at) - min(showing.shown_at)), 0.001)::double precision
                   as seconds
        from {schema}.decision
        left join {schema}.showing using (chart_id, chart_version)
        where decision.chart_id = finished.chart_id and decision.chart_version = finished.chart_version
          and decision.decided_by = finished.completed_by
          and (showing.coder is null or showing.coder = finished.completed_by)
    ) as made on :method in ('changed', 'quick')
)
select chart_id, coding_version, count(*) over () as population
from fitting
where risk is not null and (:method = 'random' or risk > 0)
order by risk desc, sha256(convert_to(:seed || ':' || chart_id, 'UTF8'))
limit :size;

-- name: insert_audit
-- A sample that was drawn; its charts are in `insert_sample`.
insert into {schema}.coding_audit (audit_id, title, criteria, method, seed, population, blind, drawn_by)
values (:audit_id, :title, :criteria, :method, :seed, :population, :blind, :drawn_by);

-- name: insert_sample
-- The charts of a sample, in the order in which they were drawn.
insert into {schema}.sampled_coding (audit_id, chart_id, coding_version, position)
select :audit_id::uuid, chart_id, coding_version, position
from unnest(:chart_ids::uuid[], :coding_versions::integer[]) with ordinality as drawn (chart_id, coding_version, position);

-- name: list_audits
-- Audits, the latest first, with how far each is; the page after an audit, or the one audit that is named.
select audit.*, counted.*
from {schema}.coding_audit as audit
cross join lateral (
    select count(*) as size, count(review.chart_id) as reviewed,
           count(*) filter (where exists (
               select from {schema}.judgement
               left join {schema}.difference_event as closing
                   on closing.judgement_id = judgement.judgement_id and closing.step = 'closing'
               where judgement.audit_id = sample.audit_id and judgement.chart_id = sample.chart_id
                 and not judgement.agreed and judgement.category <> 'drg'
                 and closing.event is distinct from 'withdrawn'
           )) as differing,
           count(blind.chart_id) + count(review.chart_id) + (
               select count(*) from {schema}.difference_event
               join {schema}.judgement using (judgement_id) where judgement.audit_id = audit.audit_id
           ) as revision
    from {schema}.sampled_coding as sample
    left join {schema}.coding_review as review using (audit_id, chart_id)
    left join {schema}.blind_coding as blind using (audit_id, chart_id)
    where sample.audit_id = audit.audit_id
) as counted
where (:audit_id::uuid is null or audit.audit_id = :audit_id)
  and (
      :after::uuid is null
      or (audit.drawn_at, audit.audit_id)
          < (select edge.drawn_at, edge.audit_id from {schema}.coding_audit as edge where edge.audit_id = :after)
  )
order by audit.drawn_at desc, audit.audit_id desc
limit :limit;

-- name: list_sample
-- The charts of a sample within the caller's reach, in the order in which they were drawn.
select sample.chart_id, sample.position, sample.coding_version, coding.chart_version, coding.completed_by as coder,
       coding.completed_at, blind.reviewer as coded_blind_by, review.reviewer, review.reviewed_at,
       (
           select count(*) from {schema}.judgement
           where judgement.audit_id = sample.audit_id and judgement.chart_id = sample.chart_id
             and not judgement.agreed and judgement.category <> 'drg'
       ) as differences
from {schema}.sampled_coding as sample
join {schema}.coding using (chart_id, coding_version)
join {schema}.work_item as item using (chart_id)
join {schema}.lanes_within(:caller, :lists::text[], :facilities::text[], :clearances::text[], false) as lane
    on lane.lane_id = item.lane_id
left join {schema}.blind_coding as blind using (audit_id, chart_id)
left join {schema}.coding_review as review using (audit_id, chart_id)
where sample.audit_id = :audit_id
order by sample.position;

-- name: lock_sampled
-- One chart of a sample with its first coding, held until the transaction ends.
select sample.chart_id, sample.position, sample.coding_version, coding.chart_version, coding.completed_by as coder,
       coding.completed_at, coding.claim, audit.title, audit.blind, blind.reviewer as coded_blind_by,
       blind.codes as blind_codes, review.reviewer, review.reviewed_at
from {schema}.sampled_coding as sample
join {schema}.coding_audit as audit using (audit_id)
join {schema}.coding using (chart_id, coding_version)
left join {schema}.blind_coding as blind using (audit_id, chart_id)
left join {schema}.coding_review as review using (audit_id, chart_id)
where sample.audit_id = :audit_id and sample.chart_id = :chart_id
for update of sample;

-- name: insert_blind_coding
-- What a reviewer coded before seeing the first coding.
insert into {schema}.blind_coding (audit_id, chart_id, reviewer, codes)
values (:audit_id, :chart_id, :reviewer, :codes);

-- name: insert_review
-- The coding that a reviewer holds to be right.
insert into {schema}.coding_review (audit_id, chart_id, reviewer, practitioner, codes)
values (:audit_id, :chart_id, :reviewer, :practitioner, :codes);

-- name: insert_judgements
-- The points of a review.
insert into {schema}.judgement (
    judgement_id, audit_id, chart_id, position, category, coded, correct, reason, guideline
)
select gen_random_uuid(), :audit_id::uuid, :chart_id::uuid, position, category, coded, correct, reason, guideline
from unnest(:categories::text[], :coded::text[], :correct::text[], :reasons::text[], :guidelines::text[])
    with ordinality as judged (category, coded, correct, reason, guideline, position);

-- name: list_differences
-- Differences, the latest review first: of one coder, of one chart's review, or of everything within the caller's reach;
-- the page after a difference.
select judgement.judgement_id as difference_id, judgement.audit_id, audit.title as audit, judgement.chart_id,
       coding.completed_by as coder, review.reviewer, review.reviewed_at, judgement.category, judgement.coded,
       judgement.correct, judgement.reason, judgement.guideline,
       coalesce(closing.event, answer.event, 'open') as state,
       answer.words as answer, answer.happened_at as answered_at,
       closing.words as closing, closing.actor as closed_by, closing.happened_at as closed_at
from {schema}.judgement
join {schema}.coding_audit as audit using (audit_id)
join {schema}.coding_review as review using (audit_id, chart_id)
join {schema}.sampled_coding as sample using (audit_id, chart_id)
join {schema}.coding using (chart_id, coding_version)
join {schema}.work_item as item using (chart_id)
left join {schema}.difference_event as answer
    on answer.judgement_id = judgement.judgement_id and answer.step = 'answer'
left join {schema}.difference_event as closing
    on closing.judgement_id = judgement.judgement_id and closing.step = 'closing'
where not judgement.agreed and judgement.category <> 'drg'
  and (:difference_id::uuid is null or judgement.judgement_id = :difference_id)
  and (:audit_id::uuid is null or judgement.audit_id = :audit_id)
  and (:chart_id::uuid is null or judgement.chart_id = :chart_id)
  and (:coder::text is null or coding.completed_by = :coder)
  and (:states::text[] is null or coalesce(closing.event, answer.event, 'open') = any(:states))
  and (
      :coder is not null or :difference_id is not null or item.lane_id in (
          select lane_id
          from {schema}.lanes_within(:caller, :lists::text[], :facilities::text[], :clearances::text[], false)
      )
  )
  and (
      :after::uuid is null or (review.reviewed_at, judgement.judgement_id) < (
          select edge_review.reviewed_at, edge.judgement_id
          from {schema}.judgement as edge
          join {schema}.coding_review as edge_review using (audit_id, chart_id)
          where edge.judgement_id = :after
      )
  )
order by review.reviewed_at desc, judgement.judgement_id desc
limit :limit;

-- name: lock_difference
-- Nobody else says anything about a difference until the transaction ends.
select judgement_id from {schema}.judgement where judgement_id = :difference_id for update;

-- name: insert_difference_event
-- What somebody said about a difference.
insert into {schema}.difference_event (judgement_id, event, actor, words)
values (:difference_id, :event, :actor, :words);

-- name: measure_accuracy
-- How many points of the reviews of a span of time were right, by category, by coder and by code. A withdrawn difference
-- is right; so is an MS-DRG whose other differences all were. `needed` are the reviewer's codes alone.
with judged as (
    select judgement.audit_id, judgement.chart_id, coding.completed_by as coder, judgement.category,
           coalesce(judgement.correct, judgement.coded) as code, judgement.correct is not null as needed,
           judgement.agreed or closing.event is not distinct from 'withdrawn' as stands
    from {schema}.coding_review as review
    join {schema}.coding_audit as audit using (audit_id)
    join {schema}.sampled_coding as sample using (audit_id, chart_id)
    join {schema}.coding using (chart_id, coding_version)
    join {schema}.judgement using (audit_id, chart_id)
    join {schema}.work_item as item using (chart_id)
    left join {schema}.difference_event as closing
        on closing.judgement_id = judgement.judgement_id and closing.step = 'closing'
    where review.reviewed_at >= :since and review.reviewed_at < :until and audit.method = any(:methods::text[])
      and (:audit_id::uuid is null or judgement.audit_id = :audit_id)
      and (:coder::text is null or coding.completed_by = :coder)
      and (
          :coder is not null or item.lane_id in (
              select lane_id
              from {schema}.lanes_within(:caller, :lists::text[], :facilities::text[], :clearances::text[], false)
          )
      )
),
settled as (
    select judged.*,
           stands or (
               category = 'drg'
               and coalesce(bool_and(stands) filter (where category <> 'drg') over (partition by audit_id, chart_id), false)
           ) as is_right
    from judged
),
counted as (
    select coder, category, code, needed, is_right from settled
    union all
    select coder, 'chart', null, true, bool_and(is_right) from settled group by audit_id, chart_id, coder
)
select coder, code, category, grouping(coder) = 0 as by_coder, grouping(code) = 0 as by_code, count(*) as judged,
       count(*) filter (where is_right) as correct, count(*) filter (where needed) as needed,
       count(*) filter (where needed and is_right) as needed_correct
from counted
group by grouping sets ((category), (coder, category), (category, code))
order by coder nulls first, category, code;
