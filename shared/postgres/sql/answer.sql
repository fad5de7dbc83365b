-- name: lock_key
-- Take an idempotency key for this transaction; false while another transaction has it.
select pg_try_advisory_xact_lock(hashtextextended(concat_ws(E'\n', '{schema}.given_answer', :caller::text, :key::text), 0));

-- name: find_answer
-- The answer that a request under the key got within so many hours.
select fingerprint, answer
from {schema}.given_answer
where caller = :caller and key = :key and answered_at > now() - :hours * interval '1 hour';

-- name: keep_answer
-- Keep an answer under a key that this transaction has locked; one that serves no more gives way.
insert into {schema}.given_answer (caller, key, fingerprint, answer)
values (:caller, :key, :fingerprint, :answer)
on conflict (caller, key) do update
set fingerprint = excluded.fingerprint, answer = excluded.answer, answered_at = now();

-- name: forget_answers
-- Keys serve for repetitions soon after; old ones go.
delete from {schema}.given_answer where answered_at <= now() - :hours * interval '1 hour';
