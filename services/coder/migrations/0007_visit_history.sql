-- Face-to-face visits by patient, so that a later visit knows whether the patient is new to the group.

create table {schema}.visit (
    chart_id      uuid   primary key,
    patient       text   not null,
    day           date   not null,
    -- The organization that gave the care, and the specialty of the encounter; empty where the encounter tells none.
    care_group    text   not null,
    specialty     text   not null,
    practitioners text[] not null
);
create index visit_patient on {schema}.visit (patient, day);
create index visit_group on {schema}.visit (care_group, day);

alter table {schema}.suggestion_run
    -- What the engine was told about the patient, so that a run can be computed again.
    add column is_new_patient boolean;
