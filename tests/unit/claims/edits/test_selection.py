"""Leaving out what is not about a claim changes no finding: the whole set against every edit by itself."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from services.claims.edits import BILLING_EDITS, ClaimUnderEdit, EditContext, ReferenceData, read_payer_rules, run_edits
from services.claims.edits.selection import select_edits
from services.claims.payers import PayerLimits
from shared.contracts.messages import Finding
from tests.builders.x12_claims import KINDS, generate_claim
from tests.unit.claims.edits.cases import CASES
from tests.unit.claims.edits.subjects import Claimed

RULES = read_payer_rules(
    """
[[rule]]
id = "acme/imaging"
source = "manual"
message = "An image needs a side."
fix = "Add it."
when = { services = ["70010-76499", "20610"] }
require = { modifiers = ["RT", "LT", "50"] }

[[rule]]
id = "acme/places"
source = "manual"
message = "Not here."
fix = "Elsewhere."
forbid = { places = ["11"] }

[[rule]]
id = "acme/visits"
source = "manual"
about = "claim"
message = "A visit needs a diagnosis of the list."
fix = "Point to one."
when = { services = ["99202-99215"] }
require = { diagnoses = ["I10", "E08-E13"] }
"""
)


def one_by_one(subject: ClaimUnderEdit) -> tuple[Finding, ...]:
    """Every edit in effect, each on a subject of its own, in which nothing is known yet."""
    context = subject.context
    edits = select_edits((*BILLING_EDITS, *RULES), subject.service_day, context.payer, context.channel)
    return tuple(finding for edit in edits for finding in edit.scrub(replace(subject)))


def subjects(tables: ReferenceData) -> Iterator[ClaimUnderEdit]:
    """Generated claims of every kind, on both kinds of channel."""
    for channel in ("fhir", "x12"):
        context = EditContext(tables, payer="acme", channel=channel, submitted_on=date(2026, 9, 10), payer_rules=RULES)
        for seed in range(20 * len(KINDS)):
            yield ClaimUnderEdit(generate_claim(seed).bundle(), PayerLimits(), date(2026, 9, 1), context)


def test_the_set_finds_in_generated_claims_what_its_edits_find_one_by_one(tables: ReferenceData) -> None:
    judged = [(run_edits(subject), one_by_one(subject)) for subject in subjects(tables)]
    assert all(together == alone for together, alone in judged)
    found = {finding.edit for together, _ in judged for finding in together}
    assert found > {rule.id for rule in RULES}, "the claims do set off edits and the payer's rules"


@pytest.mark.parametrize(
    "claimed", [claimed for case in CASES.values() for claimed in (case.breaks, case.sound)]
)  # fmt: skip
def test_the_set_finds_in_every_case_what_its_edits_find_one_by_one(claimed: Claimed, tables: ReferenceData) -> None:
    subject = replace(claimed, rules=RULES).under_edit(tables)
    assert run_edits(subject) == one_by_one(subject)
