-- name: lock_loading
-- One load at a time; released at the end of the transaction.
select pg_advisory_xact_lock(4201978);

-- name: find_tables
-- Whether anything was ever loaded or migrated here.
select to_regclass('{schema}.release') is not null;

-- name: find_release
-- The release that this very file made for this day.
select release_id
from {schema}.release
where kind = :kind and effective = :effective and sha256 = :sha256;

-- name: insert_release
-- A new release, without entries yet.
insert into {schema}.release (kind, release, effective, file_name, sha256, counts)
values (:kind, :release, :effective, :file_name, :sha256, :counts::jsonb)
returning release_id;

-- name: count_entries
-- What arrived in the table.
select count(*) from {schema}.entry where release_id = :release_id;

-- name: list_releases
-- All releases, each kind's in the order in which they take over.
select release_id, kind, release, effective, file_name, sha256, counts, loaded_at
from {schema}.release
order by kind, effective, release_id;

-- name: read_entries
-- A release, as it was in the file.
select code, title, starts, ends, facts
from {schema}.entry
where release_id = :release_id
order by position;

-- name: read_rules
-- What the release of a kind that is in force on a day says of these codes on that day.
select entry.code, entry.title, entry.starts, entry.ends, entry.facts
from {schema}.entry
where entry.release_id = (
          select release_id
          from {schema}.release
          where kind = :kind and effective <= :on
          order by effective desc, release_id desc
          limit 1
      )
  and entry.code = any(:codes::text[])
  and coalesce(entry.starts, '-infinity') <= :on
  and coalesce(entry.ends, 'infinity') >= :on
order by entry.position;

-- name: read_pairs
-- The pairs of an NCCI release in order of column 1 and column 2, as their table is packed.
select code, facts ->> 'other' as other, starts, ends, facts ->> 'modifier' as modifier
from {schema}.entry
where release_id = :release_id
order by code collate "C", facts ->> 'other' collate "C", position;
