-- name: list_coders
-- A page of coders and what they work on, by subject.
select * from {schema}.coder where subject > :after order by subject limit :limit;

-- name: find_coder
-- What one coder works on.
select * from {schema}.coder where subject = :subject;

-- name: put_coder
-- Say what a coder works on; no row when somebody changed it first.
insert into {schema}.coder as known (subject, lists, specialties, facilities, own_records)
values (:subject, :lists, :specialties, :facilities, :own_records)
on conflict (subject) do update
set lists = excluded.lists, specialties = excluded.specialties, facilities = excluded.facilities,
    own_records = excluded.own_records, revision = known.revision + 1
where :revision::bigint is null or known.revision = :revision
returning *;

-- name: delete_coder
-- A coder's limits go; what was assigned by name stays assigned.
delete from {schema}.coder where subject = :subject returning subject;
