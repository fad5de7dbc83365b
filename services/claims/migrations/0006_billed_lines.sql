-- What each claim bills, so that a later claim for the patient is judged beside it: duplicates, and units of the day.

create table {schema}.billed_line (
    claim_id  uuid    not null references {schema}.claim,
    line      integer not null check (line > 0),
    patient   text    not null,
    -- The billing provider and the practitioner responsible, as the Claim refers to them.
    provider  text    not null,
    code      text    not null,
    modifiers text[]  not null,
    day       date    not null,
    units     numeric not null,
    primary key (claim_id, line)
);
create index billed_line_by_patient on {schema}.billed_line (patient, day);
