-- name: find_named_claims
-- The claims that answers name; `rank` is the order in which names are believed: our identifier, the account number of a
-- file, its control number, and the payer's own number out of an earlier answer, the newest one. Where it is not known
-- which payer speaks, such a number counts only if a single payer has used it.
with asked as (
    select *
    from unnest(:positions::integer[], :claim_ids::uuid[], :accounts::text[], :controls::integer[])
         as asked (position, claim_id, account, control)
)
select asked.position, claim.claim_id, 1 as rank
from asked
join {schema}.claim using (claim_id)
where :payer_id::text is null or claim.payer_id = :payer_id
union all
select asked.position, claim.claim_id, 2
from asked
join {schema}.x12_interchange as file on file.account_number = asked.account
join {schema}.claim on claim.claim_id = file.claim_id
where :payer_id::text is null or claim.payer_id = :payer_id
union all
select asked.position, claim.claim_id, 3
from asked
join {schema}.x12_interchange as file on file.control_number = asked.control
join {schema}.claim on claim.claim_id = file.claim_id
where :payer_id::text is null or claim.payer_id = :payer_id
union all
(select numbered.position, (array_agg(claim.claim_id order by response.response_id desc))[1], 3 + numbered.place
from unnest(:number_positions::integer[], :number_places::integer[], :payer_numbers::text[])
     as numbered (position, place, payer_number)
join {schema}.response on response.payer_claim_number = numbered.payer_number
join {schema}.claim using (claim_id)
where :payer_id::text is null or claim.payer_id = :payer_id
group by numbered.position, numbered.place
having count(distinct claim.payer_id) = 1)
order by position, rank;

-- name: read_bundles
-- What was sent of claims.
select claim_id, bundle from {schema}.claim where claim_id = any(:claim_ids::uuid[]);

-- name: lock_claims
-- The claims that answers name, if they were ever sent, locked in order of id.
select claim_id, state
from {schema}.claim
where claim_id = any(:claim_ids::uuid[]) and attempts > 0
order by claim_id
for update;

-- name: insert_responses
-- Keep answers, each content once; returns which were new.
insert into {schema}.response (claim_id, channel, state, codes, sha256, body, paid, payer_claim_number)
select claim_id, channel, state, coalesce(string_to_array(nullif(codes, ''), ' '), '{}'), sha256, body, paid,
       payer_claim_number
from unnest(:claim_ids::uuid[], :channels::text[], :states::text[], :codes::text[], :sha256s::text[], :bodies::bytea[],
            :paids::numeric[], :payer_claim_numbers::text[])
     as answer (claim_id, channel, state, codes, sha256, body, paid, payer_claim_number)
on conflict (claim_id, sha256) do nothing
returning response_id, claim_id, sha256;

-- name: insert_adjustments
-- What an answer took off, line by line.
insert into {schema}.adjustment (response_id, place, line, group_code, reason_code, amount, remark_codes)
select response_id, place, line, group_code, reason_code, amount,
       coalesce(string_to_array(nullif(remark_codes, ''), ' '), '{}')
from unnest(:response_ids::bigint[], :places::integer[], :lines::integer[], :group_codes::text[],
            :reason_codes::text[], :amounts::numeric[], :remark_codes::text[])
     as taken (response_id, place, line, group_code, reason_code, amount, remark_codes);

-- name: answer_claims
-- An answer ends the waiting: no lease, no next attempt.
update {schema}.claim
set state = answered.state, codes = coalesce(string_to_array(nullif(answered.codes, ''), ' '), '{}'),
    reason = 'answered', lease_expires_at = null, next_attempt_at = null, updated_at = now()
from unnest(:claim_ids::uuid[], :states::text[], :codes::text[]) as answered (claim_id, state, codes)
where claim.claim_id = answered.claim_id;

-- name: mark_replaced
-- The payer has decided about the later claim: the earlier ones that it held are of the past. A void takes them back
-- only when the payer agrees.
update {schema}.claim as earlier
set state = case when later.is_void then 'voided' else 'replaced' end, updated_at = now()
from {schema}.claim as later
where later.claim_id = any(:claim_ids::uuid[]) and later.replaces is not null
  and earlier.chart_id = later.chart_id and earlier.payer_id = later.payer_id
  and not earlier.is_void
  and (earlier.coding_version < later.coding_version
       or later.is_void and earlier.coding_version = later.coding_version)
  and (not later.is_void or later.state = 'accepted')
  and earlier.state in ('pended', 'accepted', 'paid', 'partially_denied');

-- name: take_inquiries
-- Claims whose decision the payer owes and was not asked for within the interval; asked from now on.
with due as (
    select claim_id
    from {schema}.claim
    where payer_id = :payer_id and channel = 'fhir' and state in ('submitted', 'pended')
      and coalesce(inquired_at, updated_at) <= now() - :hours * interval '1 hour'
    order by coalesce(inquired_at, updated_at)
    limit :limit
    for update skip locked
)
update {schema}.claim
set inquired_at = now()
from due
where claim.claim_id = due.claim_id
returning claim.claim_id;
