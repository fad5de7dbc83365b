"""Typed builders of FHIR test resources: every argument has a valid default, `**more` adds or replaces elements.

`fhir` has the resources, `claims` the financial ones, `bundles` the containers; import from here.
"""

from tests.builders.bundles import bundle, entry
from tests.builders.fhir import (
    attachment,
    composition,
    condition,
    coverage,
    diagnostic_report,
    document_reference,
    encounter,
    observation,
    organization,
    patient,
    practitioner,
)
from tests.builders.financial import claim, claim_response
from tests.builders.text import Resource, as_bytes, as_text, version_of

__all__ = [
    "Resource",
    "as_bytes",
    "as_text",
    "attachment",
    "bundle",
    "claim",
    "claim_response",
    "composition",
    "condition",
    "coverage",
    "diagnostic_report",
    "document_reference",
    "encounter",
    "entry",
    "observation",
    "organization",
    "patient",
    "practitioner",
    "version_of",
]
