"""Claims as 837: an independent validator finds nothing wrong in them, and what X12 has no place for stops the send."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.claims.npi import is_npi
from services.claims.x12 import find_obstacles, name_account, write_claim
from services.claims.x12.envelope import read_interchanges
from services.claims.x12.segments import Segment
from shared.contracts.errors import InvalidContent
from shared.fhir import systems
from tests.builders import Resource, coverage
from tests.builders.x12_claims import (
    KINDS,
    X12Case,
    care_giver,
    concept,
    diagnosis,
    generate_claim,
    priced_line,
    supporting_code,
    x12_case,
    x12_partner,
)
from tests.unit.claims.x12.validator import is_valid

Break = Callable[[X12Case], Any]


def write(case: X12Case, control: int = 1) -> str:
    """The claim as a file."""
    assert find_obstacles(case.bundle()) == ()
    return write_claim(case.bundle(), x12_partner(), control)


def body(case: X12Case) -> tuple[Segment, ...]:
    """The segments between ST and SE."""
    (interchange,) = read_interchanges(write(case))
    return interchange.transactions[0].segments


def named(segments: tuple[Segment, ...], name: str, *start: str) -> list[Segment]:
    """The segments of a name whose elements begin so."""
    texts = ([each.text(place) for place in range(1, len(start) + 1)] for each in segments)
    return [each for each, text in zip(segments, texts, strict=True) if each.name == name and tuple(text) == start]


@pytest.mark.parametrize("kind", range(len(KINDS)), ids=KINDS)
def test_the_validator_finds_no_error_in_two_hundred_claims(kind: int) -> None:
    claims = [generate_claim(seed) for seed in range(kind, 200, len(KINDS))]
    texts = [write(case, control) for control, case in enumerate(claims, 1)]
    assert is_valid("".join(texts))
    broken = texts[0].replace("DTP*472*", "DTP*999*", 1)
    assert not is_valid(broken), "the validator does look"


def test_generated_claims_are_of_every_sort() -> None:
    written = "".join(write(generate_claim(seed)) for seed in range(60))
    for mark in (
        "PAT*",
        "REF*F8",
        ":7*",
        ":8*",
        "LIN*",
        "SBR*S",
        "BBQ:",
        "ABN:",
        "APR:",
        "ABJ:",
        "BI:",
        "DR:",
        "NM1*72",
        "SVD*11111*",
        "DTP*573*",
        "AMT*D*",
        "CAS*CO*45*",
        "*MJ*95",
        "BP:27130",
        "CR1*LB*180**A*DH*12.5****UNABLE TO SIT",
        "CRC*07*Y*01*09",
        "NM1*PW*",
        "NM1*45*2*TEST EMERGENCY ROOM",
        "SV5*HC:E0601*DA*30*45.5*455*4",
        "CR3*I*MO*12",
        "DTP*463*D8*20260815",
    ):
        assert mark in written, mark


def test_a_professional_claim_says_what_the_claim_says() -> None:
    line = priced_line(
        3, "professional", "99213", "100.10",
        modifier=[concept("25", systems.CPT), concept("GT", systems.HCPCS)],
        quantity={"value": 2}, diagnosisSequence=[7, 2],
    )  # fmt: skip
    case = x12_case(item=[line], diagnosis=[diagnosis(2, "J18.9"), diagnosis(7, "I10")])
    segments = body(case)
    assert named(segments, "CLM") == [
        Segment.of("CLM", name_account(case.claim_id), "200.2", "", "", ("11", "B", "1"), "Y", "A", "Y", "Y")
    ]
    assert named(segments, "HI") == [Segment.of("HI", ("ABK", "J189"), ("ABF", "I10"))]
    service = ("HC", "99213", "25", "GT")
    assert named(segments, "SV1") == [Segment.of("SV1", service, "200.2", "UN", "2", "", "", ("2", "1"))]
    assert named(segments, "REF", "6R") == [Segment.of("REF", "6R", "3")]
    assert named(segments, "NM1", "82") == [
        Segment.of("NM1", "82", "1", "TESTDOCTOR", "GRACE", "", "", "", "XX", "1245319599")
    ]
    assert named(segments, "SBR") == [Segment.of("SBR", "P", "18", "", "", "", "", "", "", "CI")]


def test_a_stay_says_what_the_claim_says() -> None:
    infos = [supporting_code(1, "typeofbill", "0111"), supporting_code(2, "discharge-status", "03")]
    codes = [
        diagnosis(1, "J18.9", "principal", "admitting", present="y"),
        diagnosis(2, "W19.XXXA", present="n"),
        diagnosis(3, "I10", present="u"),
    ]
    procedure = {"sequence": 1, "date": "2026-09-02", "procedureCodeableConcept": concept("0DTJ4ZZ", systems.ICD10PCS)}
    segments = body(x12_case("inpatient", diagnosis=codes, procedure=[procedure], supportingInfo=infos))
    present = [("ABK", "J189", "", "", "", "", "", "", "Y"), ("ABN", "W19XXXA", "", "", "", "", "", "", "N")]
    assert named(segments, "HI") == [
        Segment.of("HI", present[0]),
        Segment.of("HI", ("ABJ", "J189")),
        Segment.of("HI", present[1]),
        Segment.of("HI", ("ABF", "I10", "", "", "", "", "", "", "U")),
        Segment.of("HI", ("BBR", "0DTJ4ZZ", "D8", "20260902")),
    ]
    assert named(segments, "DTP", "434") == [Segment.of("DTP", "434", "RD8", "20260901-20260904")]
    assert named(segments, "DTP", "435") == [Segment.of("DTP", "435", "DT", "202609011000")]
    assert named(segments, "DTP", "096") == [Segment.of("DTP", "096", "TM", "1530")]
    assert named(segments, "CL1") == [Segment.of("CL1", "9", "9", "03")]
    assert [each.text(5, 1) for each in named(segments, "CLM")] == ["11"]


def test_the_same_claim_is_the_same_bytes_and_a_number_names_all_three_envelopes() -> None:
    text = write(generate_claim(4), 4711)
    assert text == write(generate_claim(4), 4711)
    (interchange,) = read_interchanges(text)
    (transaction,) = interchange.transactions
    assert (interchange.control, transaction.group, transaction.control) == ("000004711", "4711", "000004711")


def test_an_account_number_has_twenty_characters_and_tells_claims_apart() -> None:
    assert name_account(UUID(int=0)) == "A" * 20
    names = {name_account(generate_claim(seed).claim_id) for seed in range(50)}
    assert len(names) == 50
    assert {len(name) for name in names} == {20}


NAME = "Claim.patient.resolve().name[0].family"
NPI_PATH = f"Claim.careTeam[0].provider.resolve().identifier.where(system='{systems.NPI}')"
TWO_ATTEND = [care_giver(1, "attending", "dr-1"), care_giver(2, "attending", "dr-2")]
OF_ANY_KIND: dict[str, Break] = {
    "Claim.item[0].modifier[4]": lambda case: _line(case).update(modifier=[concept("25")] * 5),
    "Claim.item[0].bodySite": lambda case: _line(case).update(bodySite=concept("LT")),
    "Claim.item[0].net": lambda case: _line(case)["unitPrice"].update(value=1.005),
    "Claim.item[0].detail[0].productOrService": lambda case: _line(case).update(detail=[{"sequence": 1}]),
    "Claim.prescription": lambda case: case.claim.update(prescription={"reference": "x/1"}),
    "Claim.modifierExtension": lambda case: case.claim.update(modifierExtension=[{"url": "x"}]),
    "Claim.total": lambda case: case.claim.update(total={"value": 1}),
    "Claim.insurance[0].preAuthRef[1]": lambda case: case.claim["insurance"][0].update(preAuthRef=["A", "B"]),
    "Claim.related[0].reference.value": lambda case: case.claim.update(related=[{"claim": {}}]),
    "Claim.insurance[0].claimResponse": lambda case: _insure_before(case),
    "Claim.insurance.where(focal=true)": lambda case: case.claim["insurance"][0].update(focal=False),
    "Claim.related[0].reference.value ": lambda case: case.claim.update(status="cancelled"),
    "Claim.related[0]": lambda case: case.claim.update(related=[{"relationship": concept("associated")}]),
    "Claim.item[0].quantity.value": lambda case: _line(case).update(quantity={"value": 1e300}, net={"value": 5}),
    NAME: lambda case: _patient(case)["name"][0].update(family="A" * 61),
    f"{NAME} ": lambda case: _patient(case)["name"][0].update(family="王"),
    f"{NAME}  ": lambda case: _patient(case)["name"][0].update(family="A~SE*1"),
    "Claim.patient.resolve().birthDate": lambda case: _patient(case).update(birthDate="1980"),
    "Claim.patient.resolve().address": lambda case: _patient(case).pop("address"),
    "Claim.insurance[0].coverage.resolve().subscriberId": lambda case: case.find("Coverage").update(
        subscriberId="1~CLM"
    ),
    NPI_PATH: lambda case: case.find("Practitioner", "dr-1")["identifier"][0].update(value="1245319598"),
    "Claim.provider.resolve().address[0].postalCode": lambda case: _hospital(case)["address"][0].update(
        postalCode="01610"
    ),
}
OF_ONE_KIND: list[tuple[str, str, Break]] = [
    ("professional", "Claim.type", lambda case: case.claim.update(type=concept("pharmacy"))),
    ("professional", "Claim.diagnosis[12]", lambda case: case.claim.update(diagnosis=_many(13))),
    ("inpatient", "Claim.diagnosis[25]", lambda case: case.claim.update(diagnosis=_many(26))),
    ("professional", "Claim.item[50]", lambda case: case.claim.update(item=_lines(51, "professional"))),
    ("outpatient", "Claim.item[999]", lambda case: case.claim.update(item=_lines(1000, "outpatient"))),
    ("professional", "Claim.item[0].diagnosisSequence[4]", lambda case: _point(case, 5)),
    ("professional", "Claim.item[0].revenue", lambda case: _line(case).update(revenue=concept("0450"))),
    ("professional", "Claim.item[0].location[x]", lambda case: _line(case).pop("locationCodeableConcept")),
    ("professional", "Claim.supportingInfo[0]", lambda case: _inform(case, supporting_code(1, "missingtooth", "1"))),
    ("inpatient", "Claim.supportingInfo[1]", lambda case: _inform(case, supporting_code(2, "onset", "1"))),
    ("inpatient", "Claim.careTeam.where(role='attending')", lambda case: case.claim.pop("careTeam")),
    ("outpatient", "Claim.careTeam[1]", lambda case: case.claim.update(careTeam=TWO_ATTEND)),
    ("outpatient", "Claim.item[0].revenue", lambda case: _line(case).pop("revenue")),
]


@pytest.mark.parametrize(
    ("kind", "place", "breaks"),
    [*((kind, place, breaks) for place, breaks in OF_ANY_KIND.items() for kind in KINDS), *OF_ONE_KIND],
)
def test_what_x12_cannot_carry_stops_the_send_with_its_path(kind: str, place: str, breaks: Break) -> None:
    case = x12_case(kind)
    breaks(case)
    place = place.strip()
    assert {each.expression for each in find_obstacles(case.bundle())} == {place}
    with pytest.raises(InvalidContent) as error:
        write_claim(case.bundle(), x12_partner(), 1)
    assert error.value.expression == place


TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)


@given(family=TEXTS, given_name=TEXTS, street=TEXTS, member=TEXTS, authorization=TEXTS)
@settings(max_examples=80, deadline=None)
def test_no_text_of_a_claim_can_become_more_than_its_element(
    family: str, given_name: str, street: str, member: str, authorization: str
) -> None:
    case = x12_case()
    _patient(case).update(name=[{"family": family, "given": [given_name]}])
    _patient(case)["address"][0]["line"] = [street]
    case.find("Coverage")["subscriberId"] = member
    case.claim["insurance"][0]["preAuthRef"] = [authorization]
    if find_obstacles(case.bundle()):
        return
    segments = body(case)
    usual = [each.name for each in body(x12_case()) if each.name != "REF"]
    assert [each.name for each in segments if each.name != "REF"] == usual
    assert named(segments, "NM1", "IL")[0].text(9) == member.strip()
    assert named(segments, "REF", "G1")[0].text(2) == authorization.strip()


@given(st.lists(st.decimals("0.01", "99999.99", places=2), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_the_claim_costs_what_its_lines_cost(prices: list[Decimal]) -> None:
    lines = [priced_line(number, "professional", price=str(price)) for number, price in enumerate(prices, 1)]
    segments = body(x12_case(item=lines))
    assert [Decimal(each.text(2)) for each in named(segments, "SV1")] == prices
    assert Decimal(named(segments, "CLM")[0].text(2)) == sum(prices)
    assert not any(each.text(2).endswith("0") and "." in each.text(2) for each in named(segments, "SV1"))


@pytest.mark.parametrize(
    ("npi", "right"), [("1234567893", True), ("1234567890", False), ("123456789", False), ("", False)]
)
def test_an_npi_has_a_check_digit(npi: str, right: bool) -> None:
    assert is_npi(npi) is right


def _patient(case: X12Case) -> Resource:
    return case.find("Patient")


def _insure_before(case: X12Case) -> None:
    """The claim's payer is the second one to pay."""
    case.others += [coverage("first", subscriberId="A1", relationship=concept("self"))]
    case.others[-1]["payor"] = [{"reference": "Organization/payer-1"}]
    before = {"sequence": 1, "focal": False, "coverage": {"reference": "Coverage/first"}}
    case.claim["insurance"] = [before, {**case.claim["insurance"][0], "sequence": 2}]


def _hospital(case: X12Case) -> Resource:
    return case.find("Organization", "hospital")


def _line(case: X12Case) -> Resource:
    line: Resource = case.claim["item"][0]
    return line


def _inform(case: X12Case, info: Resource) -> None:
    case.claim.setdefault("supportingInfo", []).append(info)


def _point(case: X12Case, count: int) -> None:
    case.claim["diagnosis"] = _many(count)
    _line(case)["diagnosisSequence"] = list(range(1, count + 1))


def _many(count: int) -> list[Resource]:
    return [diagnosis(number, "J18.9") for number in range(1, count + 1)]


def _lines(count: int, kind: str) -> list[Resource]:
    return [priced_line(number, kind) for number in range(1, count + 1)]
