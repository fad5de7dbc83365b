-- name: measure_acceptance
-- How long coders took over what they accepted, by coder and service line: quartiles over charts, of the time from
-- showing the chart to the last acceptance. The automation accepts nothing that it was shown.
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
-- How many charts coders completed by setting and service line, and how long they had them open: from showing to
-- completion, at most so many seconds a chart, for who leaves a chart open over lunch was not coding.
select coding.completed_by as coder, chart.setting, lane.service_line, count(*) as charts,
       coalesce(sum(least(extract(epoch from coding.completed_at - showing.shown_at), :longest_seconds)), 0)
           ::double precision as seconds,
       count(showing.shown_at) as timed
from {schema}.coding
join {schema}.chart using (chart_id, chart_version)
join {schema}.work_item as item using (chart_id)
join {schema}.lane on lane.lane_id = item.lane_id
left join {schema}.showing
    on showing.chart_id = coding.chart_id and showing.chart_version = coding.chart_version
   and showing.coder = coding.completed_by
where coding.completed_at >= :since and coding.completed_at < :until and coding.completed_by <> 'automation'
group by coding.completed_by, chart.setting, lane.service_line
order by coder, setting, service_line;
