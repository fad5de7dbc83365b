-- name: find_tables
-- Whether the services whose tables are read have been migrated here.
select to_regclass('coder.decision') is not null and to_regclass('claims.claim') is not null;

-- name: list_open_work_items
-- Work that is not finished, for services on or after the day, where a touched code is suggested or decided.
select work_item.work_item_id, work_item.state, array_agg(distinct used.code order by used.code) as codes
from coder.work_item
join coder.chart using (chart_id, chart_version)
join lateral (
    select suggestion.code
    from coder.suggestion
    where suggestion.chart_id = work_item.chart_id and suggestion.chart_version = work_item.chart_version
      and suggestion.system = :system and suggestion.code = any(:codes::text[])
    union
    select decision.code
    from coder.decision
    where decision.chart_id = work_item.chart_id
      and decision.system = :system and decision.code = any(:codes::text[])
) as used on true
where work_item.state in ('suggesting', 'open', 'leased', 'on-hold', 'failed')
  and coalesce(chart.service_date, 'infinity') >= :effective
group by work_item.work_item_id, work_item.state
order by work_item.work_item_id;

-- name: list_recent_claims
-- Effective claims of the last days, for services on or after the day, on which a touched code was decided.
select claim.claim_id, claim.state, array_agg(distinct decision.code order by decision.code) as codes
from claims.claim
join coder.chart on chart.chart_id = claim.chart_id
join coder.decision on decision.chart_id = chart.chart_id and decision.chart_version = chart.chart_version
where claim.superseded_by is null
  and claim.created_at >= now() - make_interval(days => :days::integer)
  and decision.system = :system and decision.code = any(:codes::text[])
  and coalesce(chart.service_date, 'infinity') >= :effective
group by claim.claim_id, claim.state
order by claim.claim_id;

-- name: list_prices
-- Prices of the latest charge master that still hold on the day and name a touched code.
select distinct entry.code, entry.facts ->> 'payer' as payer
from codesets.entry
where entry.release_id = (
          select release_id from codesets.release where kind = 'fees' order by effective desc, release_id desc limit 1
      )
  and coalesce(entry.ends, 'infinity') >= :effective
  and entry.code = any(:codes::text[])
order by entry.code, payer;

-- name: list_coverage
-- The latest coverage rules that still hold on the day.
select entry.code, entry.facts ->> 'payer' as payer, entry.facts -> 'diagnoses' as diagnoses
from codesets.entry
where entry.release_id = (
          select release_id from codesets.release where kind = 'coverage' order by effective desc, release_id desc limit 1
      )
  and coalesce(entry.ends, 'infinity') >= :effective
order by entry.position;

-- name: compare_pairs
-- The pairs in force on the day of one of two NCCI releases and not of the other, or with another indicator.
with held as (
    select release_id, entry.code, entry.facts ->> 'other' as other, max(entry.facts ->> 'modifier') as modifier
    from codesets.entry
    join codesets.release using (release_id)
    where release_id in (:old, :new) and coalesce(entry.ends, 'infinity') >= release.effective
    group by release_id, entry.code, entry.facts ->> 'other'
)
select code, other, old.modifier as before, new.modifier as after
from (select code, other, modifier from held where release_id = :old) as old
full join (select code, other, modifier from held where release_id = :new) as new using (code, other)
where old.modifier is distinct from new.modifier
order by code, other;

-- name: list_open_work_items_of_pairs
-- Work that is not finished, for services on or after the day, with both codes of a pair suggested or decided.
with used as (
    select work_item.work_item_id, work_item.state, service.code
    from coder.work_item
    join coder.chart using (chart_id, chart_version)
    join lateral (
        select suggestion.code
        from coder.suggestion
        where suggestion.chart_id = work_item.chart_id and suggestion.chart_version = work_item.chart_version
          and suggestion.system in ('cpt', 'hcpcs') and suggestion.selected
        union
        select decision.code
        from coder.decision
        where decision.chart_id = work_item.chart_id and decision.system in ('cpt', 'hcpcs')
    ) as service on true
    where work_item.state in ('suggesting', 'open', 'leased', 'on-hold', 'failed')
      and coalesce(chart.service_date, 'infinity') >= :effective
)
select one.work_item_id, one.state, array_agg(pair.code || ' ' || pair.other order by pair.code, pair.other) as codes
from used as one
join used as other using (work_item_id)
join unnest(:ones::text[], :others::text[]) as pair (code, other) on pair.code = one.code and pair.other = other.code
group by one.work_item_id, one.state
order by one.work_item_id;

-- name: list_recent_claims_of_pairs
-- Effective claims of the last days, for services on or after the day, on which both codes of a pair were decided.
with used as (
    select distinct claim.claim_id, claim.state, decision.code
    from claims.claim
    join coder.chart on chart.chart_id = claim.chart_id
    join coder.decision on decision.chart_id = chart.chart_id and decision.chart_version = chart.chart_version
    where claim.superseded_by is null
      and claim.created_at >= now() - make_interval(days => :days::integer)
      and decision.system in ('cpt', 'hcpcs')
      and coalesce(chart.service_date, 'infinity') >= :effective
)
select one.claim_id, one.state, array_agg(pair.code || ' ' || pair.other order by pair.code, pair.other) as codes
from used as one
join used as other using (claim_id)
join unnest(:ones::text[], :others::text[]) as pair (code, other) on pair.code = one.code and pair.other = other.code
group by one.claim_id, one.state
order by one.claim_id;
