"""Second payers, anesthesia, ambulance and equipment: what is said of them is in the 837, or stops the send."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from services.claims.x12 import find_obstacles, write_claim
from services.claims.x12.envelope import read_interchanges
from services.claims.x12.segments import Segment
from tests.builders import Resource
from tests.builders.x12_claims import X12Case, concept, priced_line, x12_case, x12_partner
from tests.builders.x12_special import anesthetize, decide_before, rent, taken, transport
from tests.unit.claims.x12.validator import is_valid

Break = Callable[[X12Case], Any]


def secondary(kind: str = "professional", *, by_line: bool = True) -> X12Case:
    """A claim of 125.50 and 50.00 to the second payer, of which the first one has paid."""
    case = x12_case(kind, item=[priced_line(1, kind), priced_line(2, kind, price="50.00")])
    decide_before(case.claim, case.others, by_line=by_line)
    return case


def anesthesia() -> X12Case:
    """95 minutes of anesthesia."""
    case = x12_case()
    anesthetize(case.claim)
    return case


def ambulance() -> X12Case:
    """A transport of 12.5 miles."""
    case = x12_case()
    transport(case.claim, case.others)
    return case


def equipment() -> X12Case:
    """A device that is rented."""
    case = x12_case()
    rent(case.claim)
    return case


def segments_of(case: X12Case) -> list[Segment]:
    """What is written of a claim that an independent validator finds valid."""
    text = write_claim(case.bundle(), x12_partner(), 1)
    assert is_valid(text)
    (interchange,) = read_interchanges(text)
    return list(interchange.transactions[0].segments)


def between(segments: list[Segment], first: Segment, *names: str) -> list[Segment]:
    """The segments of these names from `first` on."""
    return [each for each in segments[segments.index(first) :] if each.name in names]


@pytest.mark.parametrize(("kind", "revenue"), [("professional", ""), ("inpatient", "0450")], ids=["837P", "837I"])
def test_the_second_payer_reads_what_the_first_one_decided_of_each_line(kind: str, revenue: str) -> None:
    segments = segments_of(secondary(kind))
    assert [each.text(1) for each in segments if each.name == "SBR"] == ["S", "P"]
    other = next(each for each in segments if each.name == "SBR" and each.text(1) == "P")
    assert between(segments, other, "AMT") == [Segment.of("AMT", "D", "117.95")]
    assert between(segments, other, "SVD", "CAS", "DTP") == [
        Segment.of("DTP", "472", "D8", "20260901"),
        Segment.of("SVD", "11111", "92.95", ("HC", "99213"), revenue, "1"),
        Segment.of("CAS", "CO", "45", "12.55"),
        Segment.of("CAS", "PR", "1", "20"),
        Segment.of("DTP", "573", "D8", "20260920"),
        Segment.of("DTP", "472", "D8", "20260901"),
        Segment.of("SVD", "11111", "25", ("HC", "99213"), revenue, "1"),
        Segment.of("CAS", "CO", "45", "5"),
        Segment.of("CAS", "PR", "1", "20"),
        Segment.of("DTP", "573", "D8", "20260920"),
    ]


def test_a_decision_of_the_claim_as_a_whole_stands_with_the_first_payer() -> None:
    segments = segments_of(secondary(by_line=False))
    other = next(each for each in segments if each.name == "SBR" and each.text(1) == "P")
    loop = segments[segments.index(other) :]
    assert loop[1:4] == [
        Segment.of("CAS", "CO", "45", "17.55"),
        Segment.of("CAS", "PR", "1", "20"),
        Segment.of("AMT", "D", "137.95"),
    ]
    assert Segment.of("DTP", "573", "D8", "20260920") in loop
    assert not any(each.name == "SVD" for each in segments)


def test_seven_reasons_of_a_group_take_two_segments() -> None:
    case = secondary()
    line = _decided(case)["item"][0]["adjudication"]
    line[0:1] = [taken("CO", str(reason), Decimal("1.00")) for reason in range(90, 96)]
    line.insert(6, taken("CO", "45", Decimal("6.55")))
    first, second, patient = [each for each in segments_of(case) if each.name == "CAS"][:3]
    assert (first.text(1), first.text(2), first.text(17), len(first.elements)) == ("CO", "90", "95", 18)
    assert (second, patient.text(1)) == (Segment.of("CAS", "CO", "45", "6.55"), "PR")


def test_anesthesia_is_written_in_minutes_with_the_modifiers_that_were_given() -> None:
    segments = segments_of(anesthesia())
    (line,) = [each for each in segments if each.name == "SV1"]
    assert [line.text(1, at) for at in range(1, 6)] == ["HC", "01214", "QK", "P3", ""]
    assert (line.text(2), line.text(3), line.text(4)) == ("1140", "MJ", "95")
    assert Segment.of("HI", ("BP", "27130")) in segments


def test_a_transport_says_how_far_why_and_between_which_places() -> None:
    segments = segments_of(ambulance())
    assert [each for each in segments if each.name in ("CR1", "CRC")] == [
        Segment.of("CR1", "LB", "180", "", "A", "DH", "12.5", "", "", "", "UNABLE TO SIT"),
        Segment.of("CRC", "07", "Y", "01", "09"),
    ]
    pickup = segments.index(Segment.of("NM1", "PW", "2"))
    assert [each.name for each in segments[pickup : pickup + 6]] == ["NM1", "N3", "N4"] * 2
    assert segments[pickup + 3] == Segment.of("NM1", "45", "2", "TEST EMERGENCY ROOM")
    assert not any(each.name == "PWK" for each in segments), "a place is no document"


def test_equipment_says_what_it_costs_to_rent_and_to_buy() -> None:
    segments = segments_of(equipment())
    assert [each for each in segments if each.name in ("SV5", "CR3") or each.text(1) == "463"] == [
        Segment.of("SV5", ("HC", "E0601"), "DA", "30", "45.5", "455", "4"),
        Segment.of("CR3", "I", "MO", "12"),
        Segment.of("DTP", "463", "D8", "20260815"),
    ]


DECISION = "Claim.insurance[0].claimResponse.resolve()"
STOPS: list[tuple[Callable[[], X12Case], str, Break]] = [
    (secondary, "Claim.insurance[0].claimResponse", lambda case: case.claim["insurance"][0].pop("claimResponse")),
    (secondary, f"{DECISION}.payment.amount", lambda case: _decided(case)["payment"]["amount"].update(value=1)),
    (secondary, f"{DECISION}.item[0].adjudication", lambda case: _shift(case)),
    (secondary, f"{DECISION}.item.where(itemSequence=2)", lambda case: _drop_line(case)),
    (secondary, f"{DECISION}.item[0].adjudication[0].category", lambda case: _first(case).update(category={})),
    (secondary, f"{DECISION}.item[0].adjudication", lambda case: _take_in_six_groups(case)),
    (secondary, f"{DECISION}.created", lambda case: _decided(case).update(created="", payment={})),
    (anesthesia, "Claim.item[0].quantity.code", lambda case: case.claim["item"][0]["quantity"].pop("code")),
    (anesthesia, "Claim.procedure[2]", lambda case: case.claim.update(procedure=case.claim["procedure"] * 3)),
    (
        lambda: x12_case(procedure=[{"sequence": 1}]),
        "Claim.procedure[0]",
        lambda case: case.claim["procedure"][0].update(procedureCodeableConcept=concept("27130", CPT)),
    ),
    (x12_case, "Claim.item[0].quantity.code", lambda case: case.claim["item"][0]["quantity"].update(code="mL")),
    (ambulance, "Claim.supportingInfo[0].code", lambda case: _say(case, 0, "Q")),
    (ambulance, "Claim.supportingInfo[1].valueQuantity.code", lambda case: _info(case, 1).update(code="km")),
    (ambulance, "Claim.supportingInfo[1].valueQuantity.value", lambda case: _info(case, 1).pop("value")),
    (ambulance, "Claim.supportingInfo[3].code", lambda case: _say(case, 3, "99")),
    (
        ambulance,
        "Claim.supportingInfo[6].valueReference.resolve().address",
        lambda case: case.find("Location", "home").pop("address"),
    ),
    (equipment, "Claim.supportingInfo[5]", lambda case: case.claim["item"][0]["informationSequence"].pop()),
    (equipment, "Claim.supportingInfo[1].valueQuantity.value", lambda case: _info(case, 1).pop("value")),
    (equipment, "Claim.supportingInfo[3].code", lambda case: _say(case, 3, "yr")),
    (equipment, "Claim.supportingInfo[4].code", lambda case: _say(case, 4, "X")),
]  # fmt: skip
CPT = "http://www.ama-assn.org/go/cpt"


@pytest.mark.parametrize(("make", "place", "breaks"), STOPS)
def test_what_the_channel_asks_for_and_is_not_there_stops_the_send(
    make: Callable[[], X12Case], place: str, breaks: Break
) -> None:
    case = make()
    breaks(case)
    assert {each.expression for each in find_obstacles(case.bundle())} == {place}


def test_an_institution_has_no_place_for_a_transport() -> None:
    case = x12_case("outpatient")
    transport(case.claim, case.others)
    infos = len(case.claim["supportingInfo"])
    places = {each.expression for each in find_obstacles(case.bundle())}
    assert places == {f"Claim.supportingInfo[{at}]" for at in range(1, infos)}


def _decided(case: X12Case) -> Resource:
    return case.find("ClaimResponse")


def _first(case: X12Case) -> Resource:
    adjustment: Resource = _decided(case)["item"][0]["adjudication"][0]
    return adjustment


def _info(case: X12Case, place: int) -> Resource:
    quantity: Resource = case.claim["supportingInfo"][place]["valueQuantity"]
    return quantity


def _say(case: X12Case, place: int, code: str) -> None:
    case.claim["supportingInfo"][place]["code"] = concept(code)


def _shift(case: X12Case) -> None:
    """The first line is paid a dollar more, which its adjustments do not say."""
    _decided(case)["item"][0]["adjudication"][-1]["amount"]["value"] += 1


def _drop_line(case: X12Case) -> None:
    _decided(case)["item"].pop()
    _decided(case)["payment"].pop("amount")


def _take_in_six_groups(case: X12Case) -> None:
    line = _decided(case)["item"][0]["adjudication"]
    line[0:1] = [taken("CO", str(reason), Decimal("0.30")) for reason in range(100, 131)] + [
        taken("CO", "45", Decimal("3.25"))
    ]
