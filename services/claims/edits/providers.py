"""Are the numbers of the claim's providers numbers that a provider can have? Family of edits; pure.

Looks at every National Provider Identifier that the Claim's billing provider, facility and care team carry, in the
reference itself or in the resource that it leads to. The paths are those at which the X12 writer stops as well.
"""

from collections.abc import Iterator
from datetime import date

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit
from services.claims.edits.view import Element
from services.claims.npi import is_npi
from shared.fhir import systems

NPI_BEGINS = date(2007, 5, 23)
_ROLE_OF = ("practitioner", "organization")


def find_wrong_npi(subject: ClaimUnderEdit) -> Iterator[Hit]:
    """Yield the place of every NPI whose check digit is wrong."""
    for path, reference in _refer_to_providers(subject):
        if _is_wrong(reference.get("identifier")):
            yield Hit(f"{path}.identifier")
        place, provider = _follow(subject, path, reference)
        if any(_is_wrong(identifier) for identifier in provider.get("identifier") or ()):
            yield Hit(f"{place}.identifier.where(system='{systems.NPI}')")


def _refer_to_providers(subject: ClaimUnderEdit) -> Iterator[tuple[str, Element]]:
    for name in ("provider", "facility"):
        if name in subject.claim:
            yield f"Claim.{name}", subject.claim[name] or {}
    for path, member in subject.each("careTeam"):
        yield f"{path}.provider", member.get("provider") or {}


def _follow(subject: ClaimUnderEdit, path: str, reference: Element) -> tuple[str, Element]:
    """Where a reference leads to, by way of a PractitionerRole to whom it is of."""
    place, found = f"{path}.resolve()", subject.follow(reference)
    if found.get("resourceType") != "PractitionerRole":
        return place, found
    of = next((name for name in _ROLE_OF if found.get(name)), "")
    return f"{place}.{of}.resolve()", subject.follow(found.get(of) or {})


def _is_wrong(identifier: Element | None) -> bool:
    if not identifier or identifier.get("system") != systems.NPI:
        return False
    return not is_npi(str(identifier.get("value") or ""))


PROVIDERS = (
    Edit(
        "npi-check-digit",
        "45 CFR 162.406; CMS, NPI check digit: Luhn over the number with the prefix 80840",
        "A provider's National Provider Identifier is not one: its check digit is wrong.",
        "Correct the number in the source system; NPPES has the provider's own.",
        find_wrong_npi,
        effective_from=NPI_BEGINS,
        owner="registration",
    ),
)
