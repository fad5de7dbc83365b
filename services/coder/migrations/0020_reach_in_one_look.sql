-- The lanes that a caller may see or, with `leasing`, take charts from, as before; what the coder works on is read once,
-- in a row that is always there, and not once for each rule.
create or replace function {schema}.lanes_within(
    caller text, scope_lists text[], scope_facilities text[], clearances text[], leasing boolean
) returns setof {schema}.lane language sql stable as $$
    select lane.*
    from (
        select nullif(any_value(coder.lists), '{}') as lists,
               nullif(any_value(coder.specialties), '{}') as specialties,
               nullif(any_value(coder.facilities), '{}') as facilities
        from {schema}.coder
        where coder.subject = caller
    ) as works_on
    cross join {schema}.lane
    cross join lateral (select case when leasing then lane.leased_from else lane.lists end as lists) as offered
    where lane.restrictions <@ clearances
      and (scope_facilities is null or lane.facility = any(scope_facilities))
      and (scope_lists is null or offered.lists && scope_lists)
      and (works_on.specialties is null or lane.specialty = any(works_on.specialties))
      and (works_on.facilities is null or lane.facility = any(works_on.facilities))
      and (works_on.lists is null or offered.lists && works_on.lists)
$$;
