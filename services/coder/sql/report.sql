-- name: measure_acceptance
-- How long coders took over what they accepted, by coder and service line: quartiles over charts, of the time from
-- showing the chart to the last acceptance, of one coder or of all within the caller's reach. The automation accepts
-- nothing that it was shown.
select coder, service_line,
       count(*) as charts, sum(accepted)::integer as accepted, sum(refused)::integer as refused,
       count(seconds) as timed,
       percentile_cont(array[0.25, 0.5, 0.75]) within group (order by seconds / accepted) as seconds_each,
       percentile_cont(0.5) within group (order by characters / greatest(seconds, 0.1)) as characters_a_second
from (
    select coding.completed_by as coder, lane.service_line, made.accepted, made.refused, made.characters,
           case when made.accepted > 0
                then extract(epoch from made.last_accepted_at - showing.shown_at)::double precision end as seconds
    from {schema}.coding
    join {schema}.work_item as item using (chart_id)
    join {schema}.lane on lane.lane_id = item.lane_id
    cross join lateral (
        select count(*) filter (where decision.action = 'accept') as accepted,
               count(*) filter (where decision.action in ('change', 'reject')) as refused,
               max(decision.decided_at) filter (where decision.action = 'accept') as last_accepted_at,
               coalesce(sum(cited.characters) filter (where decision.action = 'accept'), 0)::double precision as characters
        from {schema}.decision
        left join lateral (
            select sum(evidence.end_at - evidence.start_at) as characters
            from {schema}.evidence
            where evidence.suggestion_id = decision.suggestion_id
        ) as cited on true
        where decision.chart_id = coding.chart_id and decision.chart_version = coding.chart_version
          and decision.decided_by = coding.completed_by
    ) as made
    left join {schema}.showing
        on showing.chart_id = coding.chart_id and showing.chart_version = coding.chart_version
       and showing.coder = coding.completed_by
    where coding.completed_at >= :since and coding.completed_at < :until and coding.completed_by <> 'automation'
      and case when :coder::text is null then item.lane_id in (
              select lane_id
              from {schema}.lanes_within(:caller, :lists::text[], :facilities::text[], :clearances::text[], false)
          ) else coding.completed_by = :coder end
) as handled
group by coder, service_line
order by coder, service_line;

-- name: count_seeds
-- What coders did with seeds, by coder and service line.
select seed.coder, lane.service_line,
       count(*) as shown, count(*) filter (where seed.outcome = 'missed') as missed
from {schema}.seed
join {schema}.work_item as item using (chart_id)
join {schema}.lane on lane.lane_id = item.lane_id
where seed.settled_at >= :since and seed.settled_at < :until
group by seed.coder, lane.service_line;

-- name: measure_productivity
-- What coders completed and asked, by what is wanted, and how long they had charts open: from showing to completion, at
-- most so many seconds a chart, for who leaves a chart open over lunch was not coding. Of one coder, or of all within the
-- caller's reach.
with reach as materialized (
    select lane_id
    from {schema}.lanes_within(:caller, :lists::text[], :facilities::text[], :clearances::text[], false)
),
done as (
    select coding.completed_by as coder, coding.chart_id, coding.chart_version, coding.completed_at as at, 1 as charts,
           regexp_count(
               coding.claim, '"(diagnosisCodeableConcept|procedureCodeableConcept|productOrService)"'
           ) as codes,
           least(extract(epoch from coding.completed_at - showing.shown_at), :longest_seconds)::double precision as seconds,
           0 as sent, 0 as answered,
           (returned.findings is not null)::integer as returned,
           coalesce(returned.findings like '%"denied-%', false)::integer as denied
    from {schema}.coding
    left join {schema}.showing
        on showing.chart_id = coding.chart_id and showing.chart_version = coding.chart_version
       and showing.coder = coding.completed_by
    left join lateral (
        select string_agg(news.findings, ' ') as findings
        from {schema}.returned_coding as news
        where news.chart_id = coding.chart_id and news.coding_version = coding.coding_version
    ) as returned on true
    where coding.completed_at >= :since and coding.completed_at < :until and coding.completed_by <> 'automation'
),
asked as (
    select event.actor as coder, query.chart_id, query.chart_version, event.happened_at as at, 0 as charts, 0 as codes,
           null::double precision as seconds, 1 as sent, (query.answered_at is not null)::integer as answered,
           0 as returned, 0 as denied
    from {schema}.query_event as event
    join {schema}.query using (query_id)
    where event.event = 'sent' and event.happened_at >= :since and event.happened_at < :until
)
select work.coder,
       case when :by::text = 'setting' then chart.setting end as setting,
       case when :by = 'setting' then lane.service_line end as service_line,
       case when :by = 'list' then lane.default_list end as list_id,
       case when :by = 'day' then (work.at at time zone 'UTC')::date end as day,
       sum(work.charts)::integer as charts, sum(work.codes)::integer as codes, count(work.seconds) as timed,
       coalesce(sum(work.codes) filter (where work.seconds is not null), 0)::integer as timed_codes,
       coalesce(sum(work.seconds), 0)::double precision as seconds,
       percentile_cont(0.5) within group (order by work.seconds) as median,
       percentile_cont(0.9) within group (order by work.seconds) as p90,
       sum(work.sent)::integer as queries_sent, sum(work.answered)::integer as queries_answered,
       sum(work.returned)::integer as returned, sum(work.denied)::integer as denied
from (select * from done union all select * from asked) as work
join {schema}.chart using (chart_id, chart_version)
join {schema}.work_item as item using (chart_id)
join {schema}.lane on lane.lane_id = item.lane_id
where case when :coder::text is null then item.lane_id in (select lane_id from reach) else work.coder = :coder end
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 4, 5;
