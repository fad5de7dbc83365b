"""The billed services: loops 2400 and 2410; pure.

Place in the flow: the last part of the 837. Invariants: REF*6R is the item's sequence, by which answers come back;
what a line costs is exact to the cent.
Source: 005010X222A1 loops 2400, 2410, 2420A; 005010X223A2 loops 2400, 2410.
"""

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal

from services.claims.x12.anesthesia import needs_minutes
from services.claims.x12.care_team import RENDERING, CareGiver, write_care_giver
from services.claims.x12.coordination import Decision, write_line_decisions
from services.claims.x12.equipment import find_equipment, write_equipment, write_equipment_start
from services.claims.x12.health_codes import in_order, write_period
from services.claims.x12.source import Node, Source
from services.claims.x12.transcript import Transcript
from shared.fhir import systems

_PROFESSIONAL_LINES, _INSTITUTIONAL_LINES = 50, 999
_MODIFIERS = 4
_POINTERS = 4
_NATIONAL_DRUG_CODE = 11
_EXACT = Context(prec=100)
"""Products of two numbers that X12 carries are exact in it; others have too many digits in any case."""
_MEASURES = {"": "UN", "1": "UN", "{unit}": "UN"}
_PROFESSIONAL_MEASURES = {**_MEASURES, "min": "MJ"}
_INSTITUTIONAL_MEASURES = {**_MEASURES, "d": "DA"}
_DRUG_MEASURES = {"mL": "ML", "g": "GR", "mg": "ME", "[iU]": "F2", "[IU]": "F2"}
_SERVICES = (systems.CPT, systems.HCPCS)

Charges = Mapping[int, Decimal | None]
"""What each line costs, by its sequence; None where it has no price."""


def read_charges(claim: Node) -> dict[int, Decimal | None]:
    """What each line costs, by its sequence."""
    return {item.sequence: _charge_of(item) for item in claim.each("item")}


def _charge_of(item: Node) -> Decimal | None:
    """What a line costs: its net, else price times units times factor; None where it has no price."""
    net = item.value_of("net")
    price = item.value_of("unitPrice")
    if net is not None or price is None:
        return net
    units = item.value_of("quantity")
    factor = item.decimal("factor")
    for times in (units, factor):
        price = price if times is None else _EXACT.multiply(price, times)
    return price


def write_professional_lines(
    out: Transcript,
    source: Source,
    pointers: Mapping[int, str],
    givers: Sequence[CareGiver],
    place: str,
    charges: Charges,
    decisions: Sequence[Decision],
) -> None:
    """Write the lines of an 837P. `place` is the claim's place of service, which a line repeats only if it differs."""
    items = in_order(source.claim.each("item"))
    for number, item in enumerate(out.at_most(_PROFESSIONAL_LINES, items, "lines on an 837P"), 1):
        out.add("LX", str(number))
        own_place = item.code_of("locationCodeableConcept", systems.PLACE_OF_SERVICE)
        here = out.code(own_place, item.at("location[x]"), 2, required="a place of service")
        service, charge, unit, quantity = _price(out, item, charges, _PROFESSIONAL_MEASURES)
        if unit != "MJ" and needs_minutes(service[1]):
            out.miss(item.at("quantity.code"), "the minutes of anesthesia, as quantity in min")
        elsewhere = here if here != place else ""
        out.add("SV1", service, charge, unit, quantity, elsewhere, "", _point(out, item, pointers))
        equipment = find_equipment(source.claim, item)
        write_equipment(out, item, service[1], equipment)
        _write_day(out, item)
        write_equipment_start(out, item, equipment)
        _write_line(out, item)
        _write_own_giver(out, source, item, givers)
        write_line_decisions(out, item.sequence, service, "", quantity, decisions)
    if not items:
        out.miss("Claim.item", "at least one line")


def write_institutional_lines(out: Transcript, source: Source, charges: Charges, decisions: Sequence[Decision]) -> None:
    """Write the lines of an 837I."""
    items = in_order(source.claim.each("item"))
    for number, item in enumerate(out.at_most(_INSTITUTIONAL_LINES, items, "lines on an 837I"), 1):
        out.add("LX", str(number))
        code = out.coded(item, "revenue", 4, required="a revenue code")
        service, charge, unit, quantity = _price(out, item, charges, _INSTITUTIONAL_MEASURES)
        code = code.zfill(4) if code else ""
        out.add("SV2", code, service, charge, unit, quantity)
        _write_day(out, item)
        _write_line(out, item)
        write_line_decisions(out, item.sequence, service, code, quantity, decisions)
    if not items:
        out.miss("Claim.item", "at least one line")


def _price(
    out: Transcript, item: Node, charges: Charges, measures: Mapping[str, str]
) -> tuple[tuple[str, ...], str, str, str]:
    """The procedure, the charge, and the units in their measure."""
    code = out.coded(item, "productOrService", 48, *_SERVICES, required="a CPT or HCPCS code")
    modifiers = out.at_most(_MODIFIERS, item.each("modifier"), "modifiers")
    written = [out.code(modifier.code(), modifier.path, 2, required="a modifier's code") for modifier in modifiers]
    charge = charges[item.sequence]
    if charge is None:
        out.miss(item.at("unitPrice"), "a price")
    quantity = item.get("quantity")
    units = item.value_of("quantity")
    if units is None:
        out.miss(item.at("quantity"), "the units")
    measure = measures.get(quantity.text("code"), "")
    if not measure:
        out.refuse(quantity.at("code"), f"X12 counts a service in {_name_measures(measures)}")
    amount = "" if charge is None else out.amount(charge, item.at("net"))
    return ("HC", code, *written), amount, measure, "" if units is None else out.number(units, quantity.at("value"))


def _name_measures(measures: Mapping[str, str]) -> str:
    return " or ".join(code or "units" for code in measures if code not in ("1", "{unit}"))


def _point(out: Transcript, item: Node, pointers: Mapping[int, str]) -> tuple[str, ...]:
    sequences = item.numbers("diagnosisSequence")
    path = item.at("diagnosisSequence")
    if not sequences:
        out.miss(path, "a diagnosis that the line points to")
    if len(sequences) > _POINTERS:
        out.refuse(f"{path}[{_POINTERS}]", f"X12 carries {_POINTERS} diagnosis pointers")
    return tuple(pointers.get(sequence, "") for sequence in sequences[:_POINTERS])


def _write_day(out: Transcript, item: Node) -> None:
    period = item.get("servicedPeriod")
    if period:
        out.add("DTP", "472", "RD8", write_period(out, period))
    else:
        day = out.day(item.text("servicedDate"), item.at("serviced[x]"), required="a date of service")
        out.add("DTP", "472", "D8", day)


def _write_line(out: Transcript, item: Node) -> None:
    out.add("REF", "6R", str(item.sequence))
    for drug in out.at_most(1, item.each("detail"), "drug of a line"):
        _write_drug(out, drug)


def _write_drug(out: Transcript, drug: Node) -> None:
    """A detail of a line can only be the drug that was given, by its NDC."""
    concept, quantity = drug.get("productOrService"), drug.get("quantity")
    code = concept.code(systems.NDC).replace("-", "")
    if len(code) != _NATIONAL_DRUG_CODE:
        out.refuse(concept.path, "a detail of a line that is not a drug with an eleven-digit NDC has no place")
        return
    out.add("LIN", "", "N4", out.code(code, concept.path, _NATIONAL_DRUG_CODE))
    amount = quantity.decimal("value")
    if amount is None:
        out.miss(quantity.at("value"), "how much of the drug was given")
        return
    measure = _DRUG_MEASURES.get(quantity.text("code"), "UN")
    out.add("CTP", "", "", "", out.number(amount, quantity.at("value")), measure)


def _write_own_giver(out: Transcript, source: Source, item: Node, givers: Sequence[CareGiver]) -> None:
    """A line's rendering provider has a loop where it is not the claim's."""
    rendering = [giver for giver in givers if giver.code == RENDERING]
    own = [giver for giver in rendering if giver.sequence in item.numbers("careTeamSequence")]
    if own[1:]:
        out.refuse(item.at("careTeamSequence"), "X12 carries 1 rendering provider of a line")
    if own and own[0] is not rendering[0]:
        write_care_giver(out, source, own[0])
