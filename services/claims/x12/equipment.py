"""Durable medical equipment on a line: SV5, CR3 and the day of its beginning; pure.

Place in the flow: `service_lines` writes it behind SV1, of the supportingInfo that the line's `informationSequence`
points to. Invariant: equipment is written with all that SV5 asks for, or the claim is not sent.
Source: 005010X222A1, loop 2400 SV5, CR3 and DTP*463. The categories are our own (docs/x12.md).
"""

from collections.abc import Iterator, Sequence

from services.claims.x12.source import Node
from services.claims.x12.transcript import Transcript

_DAYS, _RENTAL, _PURCHASE = "equipment-days", "equipment-rental-price", "equipment-purchase-price"
_FREQUENCY, _CERTIFICATION, _START = "equipment-frequency", "equipment-certification", "equipment-start"
CATEGORIES = frozenset({_DAYS, _RENTAL, _PURCHASE, _FREQUENCY, _CERTIFICATION, _START})
_FREQUENCIES = {"wk": "1", "mo": "4", "d": "6"}
_CERTIFICATIONS = frozenset("IRS")
_MONTHS = "mo"


def find_equipment(claim: Node, item: Node) -> list[Node]:
    """What supportingInfo says of the equipment of a line."""
    pointed = item.numbers("informationSequence")
    return [info for info in _list_equipment(claim) if info.sequence in pointed] if pointed else []


def check_equipment(out: Transcript, claim: Node) -> None:
    """Refuse what is said of equipment and no line points to, since it would stand nowhere."""
    infos = list(_list_equipment(claim))
    pointed = {number for item in claim.each("item") for number in item.numbers("informationSequence")} if infos else ()
    for info in infos:
        if info.sequence not in pointed:
            out.refuse(info.path, "no line points to what is said of equipment")


def write_equipment(out: Transcript, item: Node, code: str, infos: Sequence[Node]) -> None:
    """Write SV5 and CR3 of a line whose equipment is described; `code` is its HCPCS code."""
    if not infos:
        return
    amounts = [_amount(out, item, infos, category) for category in (_RENTAL, _PURCHASE)]
    frequency = _find(item, infos, _FREQUENCY).get("code")
    often = _FREQUENCIES.get(frequency.code(), "")
    if not often:
        out.miss(frequency.path, "how often the rent is due: wk, mo or d")
    out.add("SV5", ("HC", code), "DA", _value(out, _find(item, infos, _DAYS), "d"), *amounts, often)
    certification = _find(item, infos, _CERTIFICATION)
    if certification:
        kind = certification.get("code")
        if kind.code() not in _CERTIFICATIONS:
            out.miss(kind.path, "whether the certification is initial (I), renewed (R) or revised (S)")
        out.add("CR3", kind.code(), "MO", _value(out, certification, _MONTHS))


def write_equipment_start(out: Transcript, item: Node, infos: Sequence[Node]) -> None:
    """Write DTP*463, which comes behind the day of service."""
    start = _find(item, infos, _START)
    if start:
        day = out.day(start.text("timingDate"), start.at("timingDate"), required="the first day of the equipment")
        out.add("DTP", "463", "D8", day)


def _list_equipment(claim: Node) -> Iterator[Node]:
    return (info for info in claim.each("supportingInfo") if info.code_of("category") in CATEGORIES)


def _find(item: Node, infos: Sequence[Node], category: str) -> Node:
    found = (info for info in infos if info.code_of("category") == category)
    return next(found, Node(item.at(f"informationSequence.where(category='{category}')")))


def _value(out: Transcript, info: Node, unit: str) -> str:
    quantity = info.get("valueQuantity")
    value = quantity.decimal("value")
    if value is None:
        out.miss(quantity.at("value"), "the value")
        return ""
    if quantity.text("code") != unit:
        out.refuse(quantity.at("code"), f"X12 carries this in {unit} only")
    return out.number(value, quantity.at("value"))


def _amount(out: Transcript, item: Node, infos: Sequence[Node], category: str) -> str:
    quantity = _find(item, infos, category).get("valueQuantity")
    value = quantity.decimal("value")
    if value is None:
        out.miss(quantity.at("value"), "the price")
        return ""
    return out.amount(value, quantity.at("value"))
