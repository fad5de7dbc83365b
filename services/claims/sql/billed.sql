-- name: lock_patients
-- One preparation at a time judges the claims of a patient, in the order of `patients`, to the end of its transaction.
select pg_advisory_xact_lock(hashtextextended(patient, 6))
from unnest(:patients::text[]) as patient;

-- name: find_billed
-- What claims at their payers bill for these patients on these days. Of a chart's claims the last one that was built
-- counts; what was denied, refused or taken back does not.
select claim.chart_id, claim.payer_id, line.patient, line.provider, line.code, line.modifiers, line.day, line.units
from {schema}.billed_line as line
join {schema}.claim using (claim_id)
where line.patient = any(:patients::text[])
  and line.day = any(:days::date[])
  and claim.state not in ('ready', 'draft', 'denied', 'rejected', 'replaced', 'voided')
  and not exists (
      select from {schema}.claim as later
      where later.chart_id = claim.chart_id
        and later.payer_id = claim.payer_id
        and later.coding_version > claim.coding_version
        and later.bundle is not null
  );

-- name: insert_billed_lines
-- Keep what claims bill.
insert into {schema}.billed_line (claim_id, line, patient, provider, code, modifiers, day, units)
select claim_id, line, patient, provider, code, string_to_array(modifiers, ' '), day, units
from unnest(:claim_ids::uuid[], :lines::integer[], :patients::text[], :providers::text[], :codes::text[],
            :modifiers::text[], :days::date[], :units::numeric[])
     as billed (claim_id, line, patient, provider, code, modifiers, day, units);
