-- A claim that waited behind an open breaker until its deadline is undelivered without an attempt.
alter table {schema}.claim drop constraint claim_check13;
alter table {schema}.claim add constraint claim_submitted_was_sent check ((state = 'submitted') <= (attempts > 0));
