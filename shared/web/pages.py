"""The parameters of every list that can grow; `shared.pages` says what its answer looks like."""

from typing import Annotated

from fastapi import Query

PageCursor = Annotated[
    str | None,
    Query(
        alias="cursor", max_length=400, description="`next` of the page before; left out, the first page is answered."
    ),
]
PageLimit = Annotated[int, Query(alias="limit", ge=1, le=200, description="How many at most.")]
