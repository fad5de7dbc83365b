"""Billing rules: what makes a claim unsendable, each a small edit with its source; pure. See docs/edits.md."""

from services.claims.edits.code_editor import MedicareCodeEditor
from services.claims.edits.model import BilledService, ClaimUnderEdit, Edit, EditContext
from services.claims.edits.overrides import Judgement, Overridden, Override, apply_overrides
from services.claims.edits.payer_rules import PayerRulesRefused, read_payer_rules
from services.claims.edits.reference import ReferenceData, index_coverage, index_pairs, index_unit_limits
from services.claims.edits.registry import (
    BILLING_EDITS,
    EDITS,
    RULE_SET,
    is_sendable,
    name_rules,
    run_edits,
    scrub_claim,
)
from services.claims.edits.tabular_book import TabularBook

__all__ = [
    "BILLING_EDITS",
    "EDITS",
    "RULE_SET",
    "BilledService",
    "ClaimUnderEdit",
    "Edit",
    "EditContext",
    "Judgement",
    "MedicareCodeEditor",
    "Overridden",
    "Override",
    "PayerRulesRefused",
    "ReferenceData",
    "TabularBook",
    "apply_overrides",
    "index_coverage",
    "index_pairs",
    "index_unit_limits",
    "is_sendable",
    "name_rules",
    "read_payer_rules",
    "run_edits",
    "scrub_claim",
]
