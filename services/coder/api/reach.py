"""How far a caller reaches, how pages are turned, and how ETags name a revision."""

import hashlib
import re
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from services.coder.reach import Reach
from shared.contracts.errors import InvalidContent
from shared.web.security import EVERYWHERE, Principal

PageStart = Annotated[str | None, Query(max_length=200, description="`next` of an earlier page; none for the first.")]
PageLimit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]

_TAG = re.compile(r'^(?:W/)?"(\d{1,18})"$')


def find_reach(principal: Principal) -> Reach:
    """Read a caller's reach off their token."""
    return Reach(
        lists=None if EVERYWHERE in principal.lists else principal.lists,
        facilities=None if EVERYWHERE in principal.facilities else principal.facilities,
        clearances=principal.clearances,
        own_records=principal.own_records,
    )


def tag_revision(revision: int) -> str:
    """Write a revision as an ETag."""
    return f'"{revision}"'


def tag_content(content: BaseModel) -> str:
    """Write what an answer says as an ETag, where nothing counts its changes."""
    return f'"{hashlib.sha256(content.model_dump_json().encode()).hexdigest()[:20]}"'


def read_revision(tag: str) -> int:
    """Read the revision that an ETag names; raises InvalidContent."""
    found = _TAG.match(tag.strip())
    if not found:
        raise InvalidContent("send the ETag of an earlier answer, with its quotes", expression="If-Match")
    return int(found[1])
