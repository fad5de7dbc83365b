"""Recognises a request that comes again: by its caller, its Idempotency-Key, and everything that it says.

Place in the flow: a route takes `RepeatableRequest` and hands it to its use case, which works inside
`shared.postgres.answers.Answers.once`. Invariant: method, address and body together are the request; what they say is
hashed here and goes no further.
"""

from typing import Annotated

from fastapi import Depends, Header, Request

from shared.postgres.answers import Repeatable
from shared.web.security import Principal, identify_bearer

IDEMPOTENCY_KEY = "Idempotency-Key"

IdempotencyKeyHeader = Annotated[
    str | None,
    Header(
        alias=IDEMPOTENCY_KEY,
        min_length=1,
        max_length=200,
        description="A value of the caller's choice, such as a new UUID. The same request under the same key is done "
        "once and gets the same answer for 24 hours; another request under it is refused with 422, and with 409 the "
        "same one while it is being done.",
        examples=["6f0f3a4e-2f0c-4f0e-9a39-6d7c8f2b1a55"],
    ),
]


async def read_repeatable(
    request: Request, principal: Annotated[Principal, Depends(identify_bearer)], key: IdempotencyKeyHeader = None
) -> Repeatable | None:
    """Read what a request is recognised by; None without a key, for then it never comes again."""
    if key is None:
        return None
    return Repeatable.of(
        principal.subject, key, request.method, request.url.path, request.url.query, await request.body()
    )


RepeatableRequest = Annotated[Repeatable | None, Depends(read_repeatable)]
