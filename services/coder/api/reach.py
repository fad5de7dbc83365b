"""How far a caller reaches."""

from services.coder.reach import Reach
from shared.web.security import EVERYWHERE, Principal


def find_reach(principal: Principal) -> Reach:
    """Read a caller's reach off their token."""
    return Reach(
        lists=None if EVERYWHERE in principal.lists else principal.lists,
        facilities=None if EVERYWHERE in principal.facilities else principal.facilities,
        clearances=principal.clearances,
        own_records=principal.own_records,
    )
