-- name: next_x12_control_number
-- A control number that no claim has had.
select nextval('{schema}.x12_control_number');

-- name: insert_x12_interchange
-- Fix number, name and bytes of a claim's file, unless another process has done it first.
insert into {schema}.x12_interchange (claim_id, control_number, account_number, file_name, folder, body)
values (:claim_id, :control_number, :account_number, :file_name, :folder, :body)
on conflict (claim_id) do nothing;

-- name: has_x12_interchange
-- Whether the file of a claim is fixed.
select exists (select from {schema}.x12_interchange where claim_id = :claim_id);

-- name: lock_x12_interchange
-- The file of a claim, for whoever puts it beside its folder.
select file_name, folder, body, staged_at is not null as is_staged, released_at is not null as is_released
from {schema}.x12_interchange
where claim_id = :claim_id
for update;

-- name: mark_x12_staged
-- The file lies whole beside its folder.
update {schema}.x12_interchange set staged_at = now() where claim_id = :claim_id and staged_at is null;

-- name: mark_x12_released
-- The file was moved into its folder.
update {schema}.x12_interchange set released_at = now() where claim_id = :claim_id and released_at is null;

-- name: insert_x12_file
-- Remember a file by its content; returns nothing when it was read before. One that was put aside may come again.
insert into {schema}.x12_file (sha256, payer_id, file_name, outcome, reason, place, answers, unmatched)
values (:sha256, :payer_id, :file_name, :outcome, :reason, :place, :answers, :unmatched)
on conflict (sha256) do update
set file_name = excluded.file_name, outcome = excluded.outcome, reason = excluded.reason, place = excluded.place,
    answers = excluded.answers, read_at = now()
where x12_file.outcome = 'quarantined'
returning sha256;

-- name: count_x12_unmatched
-- How many answers of a file named no claim.
update {schema}.x12_file set unmatched = :unmatched where sha256 = :sha256;

-- name: insert_x12_unmatched
-- Park answers that name no claim, or contradict themselves.
insert into {schema}.x12_unmatched (sha256, reason, body)
select :sha256, reason, body from unnest(:reasons::text[], :bodies::bytea[]) as parked (reason, body);

-- name: insert_x12_provider_adjustments
-- Keep what was paid or taken back beside all claims.
insert into {schema}.x12_provider_adjustment (sha256, place, reason_code, reference, amount)
select :sha256, place, reason_code, reference, amount
from unnest(:places::integer[], :reason_codes::text[], :refs::text[], :amounts::numeric[])
     as adjusted (place, reason_code, reference, amount);

-- name: list_x12_files
-- Files from payers, newest first, after the given one.
select sha256, payer_id, outcome, reason, place, answers, unmatched, read_at
from {schema}.x12_file
where (:outcome::text is null or outcome = :outcome)
  and (:after_at::timestamptz is null or (read_at, sha256) < (:after_at, :after_sha256::text))
order by read_at desc, sha256 desc
limit :limit;

-- name: list_x12_unmatched
-- Parked answers, newest first, below the given one, without their segments.
select parked.unmatched_id, file.payer_id, parked.sha256, parked.reason, file.read_at
from {schema}.x12_unmatched as parked
join {schema}.x12_file as file using (sha256)
where :below::bigint is null or parked.unmatched_id < :below
order by parked.unmatched_id desc
limit :limit;
