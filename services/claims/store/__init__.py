"""The claims schema: what is kept, and the reads and writes of it."""

from services.claims.store.claim_store import ClaimStore
from services.claims.store.rows import (
    AttemptReport,
    BuiltClaim,
    CodingKey,
    NewClaim,
    NewCoding,
    ReadyClaim,
    TakenClaim,
    Terms,
)

__all__ = [
    "AttemptReport",
    "BuiltClaim",
    "ClaimStore",
    "CodingKey",
    "NewClaim",
    "NewCoding",
    "ReadyClaim",
    "TakenClaim",
    "Terms",
]
