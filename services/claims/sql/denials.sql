-- name: find_sent
-- What was sent of claims, and the findings it was sent with.
select claim_id, chart_id, coding_version, payer_id, bundle, findings, overridden
from {schema}.claim
where claim_id = any(:claim_ids::uuid[]) and bundle is not null;

-- name: insert_denial
-- A denial; returns its id.
insert into {schema}.denial (response_id, attempt, claim_id, chart_id, coding_version, payer_id, kind, proposed)
values (:response_id, :attempt, :claim_id, :chart_id, :coding_version, :payer_id, :kind, :proposed)
returning denial_id;

-- name: insert_denial_line
-- One line and reason of a denial.
insert into {schema}.denial_line (denial_id, place, line, expression, code, diagnoses, group_code, reason_code, remark_codes,
                                  amount, kind, words, edits, decision_id, action, practitioner, decided_at,
                                  suggestion_id, evidence)
values (:denial_id, :place, :line, :expression, :code, :diagnoses, :group_code, :reason_code, :remark_codes, :amount, :kind,
        :words, :edits, :decision_id, :action, :practitioner, :decided_at, :suggestion_id, :evidence::jsonb);

-- name: overturn_denials
-- The payer takes these claims after all; what it decided otherwise it did not reject, whatever it said before.
update {schema}.denial
set status = 'overturned'
where status in ('open', 'appealed', 'returned')
  and (claim_id = any(:taken::uuid[]) or claim_id = any(:adjudicated::uuid[]) and kind = 'rejection');

-- name: close_recoded_denials
-- The chart was coded again before anybody took a step.
update {schema}.denial
set status = 'recoded'
where chart_id = any(:chart_ids::uuid[]) and status = 'open';

-- name: list_denials
-- The worklist: oldest first, after the given one.
select denial_id, claim_id, chart_id, coding_version, payer_id, kind, proposed, status, denied_at,
       (select sum(amount) from {schema}.denial_line as line where line.denial_id = denial.denial_id) as amount,
       (select array_agg(distinct reason_code) from {schema}.denial_line as line where line.denial_id = denial.denial_id)
           as reason_codes
from {schema}.denial
where denial_id > :after::bigint
  and (:status::text is null or status = :status)
  and (:kind::text is null or kind = :kind)
  and (:payer_id::text is null or payer_id = :payer_id)
  and (:chart_id::uuid is null or chart_id = :chart_id)
  and ((:reason_code::text is null and :practitioner::text is null) or exists (
      select from {schema}.denial_line as line
      where line.denial_id = denial.denial_id
        and (:reason_code::text is null or line.reason_code = :reason_code)
        and (:practitioner::text is null or line.practitioner = :practitioner)
  ))
order by denial_id
limit :limit;

-- name: lock_denial
-- One denial with its claim and answer, held until the transaction ends.
select denial.denial_id, denial.claim_id, denial.chart_id, denial.coding_version, denial.status, denial.kind,
       denial.proposed, claim.superseded_by, claim.bundle, coalesce(response.channel, claim.channel) as channel,
       coalesce(response.body, '') as body
from {schema}.denial
join {schema}.claim using (claim_id)
left join {schema}.response using (response_id)
where denial_id = :denial_id
for update of denial;

-- name: list_denial_lines
-- What a denial says, line by line.
select place, line, expression, code, diagnoses, group_code, reason_code, remark_codes, amount, kind, words, edits,
       decision_id, action, practitioner, decided_at, suggestion_id, evidence
from {schema}.denial_line
where denial_id = :denial_id
order by place;

-- name: list_denial_steps
-- What was done about a denial, oldest first.
select step, reason, practitioner, packet_sha256, taken_at
from {schema}.denial_step
where denial_id = :denial_id
order by step_id;

-- name: insert_denial_step
-- Put a step on the record.
insert into {schema}.denial_step (denial_id, step, reason, subject, practitioner, packet_sha256)
values (:denial_id, :step, :reason, :subject, :practitioner, :packet_sha256);

-- name: move_denial
-- Say where a denial stands after a step.
update {schema}.denial set status = :status where denial_id = :denial_id;

-- name: find_denial_patterns
-- The same payer denies the same service for the same reason: how often, and how often it took the service. Those above
-- the given one come before it.
with denied as (
    select denial.payer_id, line.reason_code, line.code, line.kind, count(distinct denial.claim_id) as denied,
           max(denial.denied_at) as last_denied_at
    from {schema}.denial
    join {schema}.denial_line as line using (denial_id)
    where line.code <> '' and (:payer_id::text is null or denial.payer_id = :payer_id)
    group by denial.payer_id, line.reason_code, line.code, line.kind
    having count(distinct denial.claim_id) >= :at_least
)
select payer_id, reason_code, code, kind, denied, last_denied_at, (
    select count(distinct claim_id)
    from {schema}.claim
    join {schema}.billed_line as billed using (claim_id)
    where claim.payer_id = denied.payer_id and billed.code = denied.code and claim.state in ('accepted', 'paid')
) as taken
from denied
where :after_denied::bigint is null
   or (-denied, payer_id, code, reason_code, kind)
      > (-:after_denied::bigint, :after_payer_id::text, :after_code::text, :after_reason_code::text, :after_kind::text)
order by denied desc, payer_id, code, reason_code, kind
limit :limit;

-- name: insert_override
-- Set a warning aside, on the record.
insert into {schema}.edit_override (chart_id, edit, expression, reason, subject, practitioner)
values (:chart_id, :edit, :expression, :reason, :subject, :practitioner)
returning override_id, created_at;

-- name: list_overrides
-- What was set aside for a chart, oldest first, after the given one.
select override_id, chart_id, edit, expression, reason, practitioner, created_at
from {schema}.edit_override
where chart_id = :chart_id and override_id > :after::bigint
order by override_id
limit :limit;

-- name: read_overrides
-- Everything that was set aside for these charts, oldest first.
select override_id, chart_id, edit, expression, reason, practitioner, created_at
from {schema}.edit_override
where chart_id = any(:chart_ids::uuid[])
order by override_id;

-- name: read_decided
-- Every claim that a payer decided, as it was sent: denied, at least once and in part, or taken.
select claim.payer_id, claim.channel, claim.bundle, claim.queued_at,
       case when decided.is_denied then 'denied' else 'taken' end as fate
from {schema}.claim
join lateral (
    select bool_or(state in ('denied', 'partially_denied')) as is_denied
    from {schema}.response
    where response.claim_id = claim.claim_id
      and response.state in ('accepted', 'paid', 'denied', 'partially_denied')
) as decided on decided.is_denied is not null
where not claim.is_void and claim.bundle is not null;
