"""People and organizations as X12 names them: NM1, N3, N4, DMG, PRV; pure.

Place in the flow: the loops of the 837 write their parties with these. Invariant: a person or place that the guide
wants whole is whole, or the claim is not sent.
Source: 005010X222A1 and 005010X223A2, loops 1000A to 2310.
"""

from services.claims.npi import is_npi
from services.claims.x12.source import Node
from services.claims.x12.transcript import Transcript
from shared.fhir import systems

TAXONOMY = "http://nucc.org/provider-taxonomy"
_TAX_NUMBERS = {"urn:oid:2.16.840.1.113883.4.4": "EI", "http://hl7.org/fhir/sid/us-ein": "EI", systems.SSN: "SY"}
_GENDERS = {"male": "M", "female": "F"}
_AMERICA = frozenset({"", "US", "USA"})
_FULL_ZIP = 9
_LONGEST = {"family": 60, "given": 35, "middle": 25, "suffix": 10}


def name_person(out: Transcript, code: str, person: Node, *, qualifier: str = "", number: str = "") -> None:
    """Write the NM1 of a person."""
    names = person.each("name")
    chosen = next((each for each in names if each.text("use") == "official"), names[0] if names else None)
    name = chosen or Node(person.at("name[0]"))
    given = [*name.texts("given"), ""]
    family = out.member(name, "family", _LONGEST["family"], required="a family name")
    first = out.text(given[0], name.at("given[0]"), _LONGEST["given"])
    middle = out.text(" ".join(given[1:]), name.at("given[1]"), _LONGEST["middle"])
    suffix = out.text(" ".join(name.texts("suffix")), name.at("suffix"), _LONGEST["suffix"])
    out.add("NM1", code, "1", family, first, middle, "", suffix, qualifier if number else "", number)


def name_provider(out: Transcript, code: str, provider: Node, *, npi_required: bool = True) -> None:
    """Write the NM1 of a Practitioner, an Organization or a Location, by NPI."""
    npi = read_npi(out, provider, required=npi_required)
    if provider.text("resourceType") == "Practitioner":
        name_person(out, code, provider, qualifier="XX", number=npi)
        return
    name = out.member(provider, "name", 60, required="a name")
    out.add("NM1", code, "2", name, "", "", "", "", "XX" if npi else "", npi)


def read_npi(out: Transcript, provider: Node, *, required: bool) -> str:
    """The provider's NPI; one whose check digit is wrong is an obstacle."""
    npi = provider.identifier(systems.NPI)
    path = f"{provider.path}.identifier.where(system='{systems.NPI}')"
    if not npi and required:
        out.miss(path, "the National Provider Identifier")
    if npi and not is_npi(npi):
        out.refuse(path, "the check digit of the NPI is wrong")
        return ""
    return npi


def write_taxonomy(out: Transcript, code: str, *concepts: Node) -> None:
    """Write the specialty, if one of the concepts has a taxonomy code."""
    found = next((each for each in concepts if each.code(TAXONOMY)), None)
    if found:
        out.add("PRV", code, "PXC", out.code(found.code(TAXONOMY), found.path, 10))


def specialties_of(provider: Node) -> list[Node]:
    """Where a provider's own resource has its specialty."""
    return [*(each.get("code") for each in provider.each("qualification")), *provider.each("type")]


def write_address(out: Transcript, party: Node, *, required: bool, full_zip: bool = False) -> bool:
    """Write N3 and N4; `full_zip` demands nine digits. Returns whether there is an address."""
    addresses = party.each("address") or [party.get("address")]
    address = addresses[0]
    if not address:
        if required:
            out.miss(party.at("address"), "an address")
        return False
    lines = address.texts("line")
    first = out.text(lines[0] if lines else "", address.at("line[0]"), 55, required="a street address")
    second = out.text(lines[1] if lines[1:] else "", address.at("line[1]"), 55)
    if lines[2:]:
        out.refuse(address.at("line[2]"), "X12 carries 2 lines of a street address")
    out.add("N3", first, second)
    _write_city(out, address, full_zip=full_zip)
    return True


def _write_city(out: Transcript, address: Node, *, full_zip: bool) -> None:
    city = out.member(address, "city", 30, required="a city")
    country = address.text("country").upper()
    abroad = country not in _AMERICA
    state = out.member(address, "state", 2, required="" if abroad else "a state")
    postal = out.code(
        address.text("postalCode").replace("-", ""),
        address.at("postalCode"),
        15,
        required="" if abroad else "a postal code",
    )
    if full_zip and not abroad and postal and len(postal) != _FULL_ZIP:
        out.miss(address.at("postalCode"), "all nine digits of the ZIP code of a place of service")
    if abroad:
        nation = out.code(country, address.at("country"), 2, required="the country by two letters")
        out.add("N4", city, "", postal, nation, "", "", state)
    else:
        out.add("N4", city, state, postal)


def write_demographics(out: Transcript, person: Node) -> None:
    """Write date of birth and sex."""
    born = out.day(person.text("birthDate"), person.at("birthDate"), required="the date of birth")
    gender = person.text("gender")
    if not gender:
        out.miss(person.at("gender"), "the administrative sex")
    out.add("DMG", "D8", born, _GENDERS.get(gender, "U"))


def write_tax_number(out: Transcript, provider: Node) -> None:
    """Write the employer's identification number or, of a person, the social security number."""
    for system, qualifier in _TAX_NUMBERS.items():
        number = provider.identifier(system)
        if number:
            path = f"{provider.path}.identifier.where(system='{system}')"
            out.add("REF", qualifier, out.code(number.replace("-", ""), path, 9))
            return
    out.miss(f"{provider.path}.identifier.where(system='{next(iter(_TAX_NUMBERS))}')", "the tax identification number")
