"""How a list that can grow is read: page by page, each with a cursor to the next.

Place in the flow: stores read a page one row too far, `cut_page` tells whether another follows, the answer is a `Page`;
`shared.web.pages` has the parameters. Invariant: a cursor is the sort key of the last row shown, written so that
clients keep it as it is, and whatever a client makes up instead is refused.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.contracts.errors import InvalidContent

KeyT = TypeVar("KeyT")
RowT = TypeVar("RowT")


class Page(BaseModel):
    """Base of every page: the rows stand under the name of what they are, the way on under `next`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    next: str | None = Field(
        description="Send this as `cursor` for the next page; null on the last one.", examples=[None]
    )


class CursorOf(Generic[KeyT]):
    """Cursors of one list; `key` is the type of its sort key, whose fields say their bounds."""

    def __init__(self, key: type[KeyT]) -> None:
        self._key: TypeAdapter[KeyT] = TypeAdapter(key)

    def write(self, key: KeyT) -> str:
        """Write the cursor behind the row with this sort key."""
        return base64.urlsafe_b64encode(self._key.dump_json(key)).decode().rstrip("=")

    def read(self, cursor: str) -> KeyT:
        """Read what `write` wrote; raises InvalidContent."""
        try:
            told = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            if b"\\u0000" in told:  # PostgreSQL's text cannot hold it
                raise ValueError("no such key")
            return self._key.validate_json(told)
        except (ValidationError, ValueError, binascii.Error) as error:
            raise InvalidContent("take the cursor from `next` of an earlier page", expression="cursor") from error


def cut_page(rows: Sequence[RowT], limit: int) -> tuple[Sequence[RowT], RowT | None]:
    """Return the rows to show of those read one too far, and the last of them where more follow."""
    return rows[:limit], rows[limit - 1] if len(rows) > limit else None


@dataclass(frozen=True, slots=True)
class Moment:
    """The sort key of rows in order of time; the id tells those of one moment apart."""

    at: AwareDatetime
    row_id: UUID


MOMENTS = CursorOf(Moment)
