"""The claims schema: what is kept, and the reads and writes of it."""

from services.claims.store.answer_store import AnswerStore
from services.claims.store.billed_store import BilledStore
from services.claims.store.claim_store import ClaimStore
from services.claims.store.rows import (
    AttemptKey,
    AttemptReport,
    BuiltClaim,
    CodingKey,
    NewClaim,
    NewCoding,
    NewVoid,
    PlannedClaim,
    Progress,
    ReadyClaim,
    TakenClaim,
    Terms,
)

__all__ = [
    "AnswerStore",
    "AttemptKey",
    "AttemptReport",
    "BilledStore",
    "BuiltClaim",
    "ClaimStore",
    "CodingKey",
    "NewClaim",
    "NewCoding",
    "NewVoid",
    "PlannedClaim",
    "Progress",
    "ReadyClaim",
    "TakenClaim",
    "Terms",
]
