-- Official code sets and rules by date. A release is never changed; a later one of its kind takes over on its day.

create table {schema}.release (
    release_id bigint      generated always as identity primary key,
    kind       text        not null,
    -- The file's own name of itself, such as FY2026.
    release    text        not null,
    -- The first day on which look-ups use it.
    effective  date        not null,
    file_name  text        not null,
    sha256     text        not null check (length(sha256) = 64),
    counts     jsonb       not null,
    loaded_at  timestamptz not null default now(),
    -- The same file for the same day is loaded once; a corrected file for that day is a release of its own.
    unique (kind, effective, sha256)
);

-- What a release says, one code at a time.
create table {schema}.entry (
    release_id bigint  not null references {schema}.release,
    position   integer not null check (position > 0),
    code       text    not null,
    title      text    not null,
    starts     date,
    ends       date,
    facts      jsonb   not null,
    primary key (release_id, position)
);
create index entry_code on {schema}.entry (code, release_id);
