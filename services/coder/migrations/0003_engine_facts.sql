-- What the engine says beside its codes: agreeing structured facts, results outside their range, and what it had learned.

alter table {schema}.suggestion_run
    add column learned    text  not null default '',
    add column indicators jsonb not null default '[]';

alter table {schema}.suggestion
    -- Names the words and code that decisions teach about.
    add column entry text  not null default '',
    add column facts jsonb not null default '[]';
