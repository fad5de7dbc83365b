"""The NPI of every provider that a claim names is checked, wherever it stands, and said once."""

from dataclasses import replace

import orjson
import pytest

from services.claims.edits import ClaimUnderEdit, ReferenceData, run_edits
from services.claims.npi import is_npi
from shared.fhir import systems
from tests.builders import Resource
from tests.builders.x12_claims import care_giver
from tests.unit.claims.edits.cases import SOUND, X12
from tests.unit.claims.edits.subjects import Claimed

WRONG = "1245319590"
"""The number of dr-1 but for its check digit."""
PLACE = f"identifier.where(system='{systems.NPI}')"
GIVEN = {"careTeam": [care_giver(1, "rendering", "dr-1")]}


def misnumbered(claimed: Claimed, tables: ReferenceData) -> ClaimUnderEdit:
    """A claim in whose Bundle dr-1 has a wrong NPI."""
    subject = claimed.under_edit(tables)
    return replace(subject, bundle_bytes=subject.bundle_bytes.replace(b"1245319599", WRONG.encode()))


def found(subject: ClaimUnderEdit) -> list[tuple[str, str | None]]:
    return [(finding.edit, finding.expression) for finding in run_edits(subject)]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("1234567893", True),
        ("1245319599", True),
        ("1234567890", False),
        ("1234567983", False),  # two digits in each other's place
        ("123456789", False),
        ("12345678930", False),
        ("123456789X", False),
        ("\u0661234567893", False),  # a digit, but not of ours
        ("", False),
    ],
)
def test_the_last_digit_checks_the_others(text: str, is_one: bool) -> None:
    assert is_npi(text) is is_one


def test_a_care_givers_number_is_found_once_on_x12(tables: ReferenceData) -> None:
    claimed = replace(X12, elements=GIVEN)
    assert found(claimed.under_edit(tables)) == []
    expected = [("npi-check-digit", f"Claim.careTeam[0].provider.resolve().{PLACE}")]
    assert found(misnumbered(claimed, tables)) == expected


def test_a_number_is_found_by_way_of_a_role_inside_the_claim(tables: ReferenceData) -> None:
    role: Resource = {
        "resourceType": "PractitionerRole",
        "id": "role",
        "practitioner": {"reference": "Practitioner/dr-1"},
    }
    team = [{"sequence": 1, "provider": {"reference": "#role"}}]
    claimed = replace(X12, channel="x12", elements={"contained": [role], "careTeam": team})
    place = f"Claim.careTeam[0].provider.resolve().practitioner.resolve().{PLACE}"
    assert ("npi-check-digit", place) in found(misnumbered(claimed, tables))


def test_an_identifier_that_is_no_npi_is_left_alone(tables: ReferenceData) -> None:
    provider = {"reference": "Organization/hospital", "identifier": {"system": "urn:oid:1.2.3", "value": WRONG}}
    subject = replace(SOUND, elements={"provider": provider}).under_edit(tables)
    assert found(subject) == []
    assert orjson.loads(subject.bundle_bytes)["entry"], "the Bundle is whole"
