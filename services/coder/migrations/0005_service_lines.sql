-- What a suggested service needs on its claim line.

alter table {schema}.suggestion
    -- In the order of the line: what prices first comes first.
    add column modifiers        text[]  not null default '{}',
    add column units            integer not null default 1 check (units > 0),
    -- Codes of the diagnoses that make the service necessary, most important first.
    add column justified_by     text[]  not null default '{}',
    -- A CMS place of service code, or empty where the payer infers it.
    add column place_of_service text    not null default '';
