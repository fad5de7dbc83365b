-- A coder's own day is read by who and when.

create index decision_by_coder on {schema}.decision (decided_by, decided_at);
create index coding_by_coder on {schema}.coding (completed_by, completed_at);
