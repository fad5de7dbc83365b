"""Billing rules: what makes a claim unsendable, each a small edit with its source; pure."""

from services.claims.edits.model import ClaimUnderEdit, Edit
from services.claims.edits.registry import EDITS, RULE_SET, is_sendable, scrub_claim

__all__ = ["EDITS", "RULE_SET", "ClaimUnderEdit", "Edit", "is_sendable", "scrub_claim"]
