-- Rejections and refused voids are on the worklist too: refused before adjudication, and not taken back.

alter table {schema}.denial drop constraint denial_kind_check;
alter table {schema}.denial add constraint denial_kind_check check (kind in (
    'coding', 'documentation', 'authorization', 'eligibility', 'timely', 'duplicate', 'other', 'rejection', 'void'
));
alter table {schema}.denial drop constraint denial_proposed_check;
alter table {schema}.denial add constraint denial_proposed_check check (proposed in (
    'correct', 'appeal', 'write_off', 'resubmit', 'settle'
));
alter table {schema}.denial drop constraint denial_status_check;
alter table {schema}.denial add constraint denial_status_check check (status in (
    'open', 'returned', 'appealed', 'written_off', 'settled', 'overturned', 'recoded'
));
alter table {schema}.denial_step drop constraint denial_step_step_check;
alter table {schema}.denial_step add constraint denial_step_step_check check (step in (
    'correct', 'appeal', 'write_off', 'resubmit', 'settle'
));

-- What it comes from: an answer, or an attempt that was refused without one.
alter table {schema}.denial alter column response_id drop not null;
alter table {schema}.denial add column attempt integer;
alter table {schema}.denial add constraint denial_attempt foreign key (claim_id, attempt) references {schema}.submission;
alter table {schema}.denial add constraint denial_once_an_attempt unique (claim_id, attempt);
alter table {schema}.denial add constraint denial_has_a_source check (num_nonnulls(response_id, attempt) = 1);

-- Each kind has its own steps: nobody appeals what was not adjudicated, and a void is not corrected.
alter table {schema}.denial add constraint denial_step_of_its_kind check (
    (kind = 'rejection') = (proposed = 'resubmit') and (kind = 'void') = (proposed = 'settle')
    and (status = 'settled') <= (kind = 'void') and (status = 'appealed') <= (kind not in ('rejection', 'void'))
);
