-- The end of a claim's life: paid, and taken back at a payer that holds it.

alter table {schema}.claim drop constraint claim_state_check;
alter table {schema}.claim add constraint claim_state_check check (state in (
    'ready', 'draft', 'queued', 'submitted', 'undelivered', 'pended', 'accepted', 'paid', 'partially_denied', 'denied',
    'rejected', 'replaced', 'voided'
));
alter table {schema}.response drop constraint response_state_check;
alter table {schema}.response add constraint response_state_check check (state in (
    'pended', 'accepted', 'paid', 'partially_denied', 'denied', 'rejected'
));

-- A void is a claim row of its own, so that it is delivered as surely as any: it takes back what the payer holds of the
-- chart up to its coding version.
alter table {schema}.claim add column is_void boolean not null default false;
alter table {schema}.claim drop constraint claim_chart_id_coding_version_payer_id_key;
alter table {schema}.claim add constraint claim_once unique (chart_id, coding_version, payer_id, is_void);

-- Until now a claim left the stage only for another one, and was voided only if it was never sent. What was never sent
-- may leave without a successor, when its chart is withdrawn; what was sent is voided by its void.
alter table {schema}.claim drop constraint claim_check11;
alter table {schema}.claim drop constraint claim_check12;
alter table {schema}.claim add constraint claim_gives_way check (
    (state = 'replaced' or state = 'voided' and attempts > 0) <= (superseded_by is not null)
);
alter table {schema}.claim add constraint claim_void_is_no_bill check (is_void <= (state <> 'paid'));

-- Codings up to this one were withdrawn with their chart: nothing of them is billed, whenever it arrives.
alter table {schema}.chart add column withdrawn_coding integer not null default 0;

-- When a payer was last asked for a decision that it owes.
alter table {schema}.claim add column inquired_at timestamptz;
create index claim_to_inquire on {schema}.claim (payer_id, coalesce(inquired_at, updated_at))
    where state in ('submitted', 'pended');
