"""How far a caller reaches into the queue.

Place in the flow: `api` and `workbench` read it off the caller's token, `store` narrows statements by it; pure.
Invariant: nobody reaches a restricted chart without its clearance, or their own record.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reach:
    """Lists and facilities that a caller is limited to (None: not limited), and what they are cleared for.

    What a coder works on, as leads assign it, narrows this further.
    """

    lists: frozenset[str] | None = None
    facilities: frozenset[str] | None = None
    """Relative references of Organizations."""
    clearances: frozenset[str] = frozenset()
    """Kinds of restricted charts: `vip`, `employee`, `restricted`."""
    own_records: frozenset[str] = frozenset()
    """Who the caller is as a patient, such as Patient/7."""


UNLIMITED = Reach()
"""All lists and facilities, but no restricted chart."""
