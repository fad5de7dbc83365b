-- Answers by idempotency key are kept as every service keeps them. A key that was used before the change is refused
-- rather than done again: what identifies a request is hashed differently.
insert into {schema}.given_answer (caller, key, fingerprint, answer, answered_at)
select caller, key, fingerprint, answer, answered_at
from {schema}.answered_request
where answer is not null;
drop table {schema}.answered_request;
