"""Claims and answers in X12 005010: 837P and 837I written from a Claim Bundle, 999, 277CA and 835 read; pure.

Place in the flow: the edits ask `find_obstacles` what an X12 claim could not carry, `service.files` writes with
`write_claim` and reads with `read_file`. docs/x12.md says which FHIR element goes where.
Invariant: what the Claim says is in the 837, or the claim is not sent.
"""

from services.claims.x12.claim_837 import find_obstacles, name_account, write_claim
from services.claims.x12.partner import X12Partner
from services.claims.x12.transcript import Obstacle

__all__ = ["Obstacle", "X12Partner", "find_obstacles", "name_account", "write_claim"]
