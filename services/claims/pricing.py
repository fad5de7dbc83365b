"""Puts prices on a Claim: unit price and net of each line, and the total; pure.

Place in the flow: `service.preparation` prices a Claim for its payer before it is built into a Bundle, so that edits,
Bundle and delivery see one amount. Invariants: amounts are exact decimals and cents are added, never rounded sums; a
line whose service has no price is left as it was, and then the Claim gets no total. Every other byte stays.
"""

import json
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from services.claims.edits.price_list import PriceList
from services.claims.edits.view import Line, read_claim
from services.claims.raw_json import find_elements, find_members, set_member

CURRENCY = "USD"
"""ISO 4217; charge masters here are those of X12 payers, who know no other."""
_CENT, _CENT_EXPONENT = Decimal("0.01"), -2


def price_claim(body: str, prices: PriceList, payer: str, service_date: date | None) -> str:
    """Return the Claim with the prices of `payer` on each line's own day, or `service_date` where it names none."""
    lines = _read_lines(body, service_date) if prices else ()
    if not lines:
        return body
    items = find_elements(body, find_members(body)["item"])
    found = [_price_line(line, prices, payer) for line in lines]
    texts = [_write_line(body[span.start : span.end], price) for span, price in zip(items, found, strict=True)]
    priced = set_member(body, "item", f"[{','.join(texts)}]")
    nets = [price.net for price in found if price]
    return set_member(priced, "total", _money(sum(nets, Decimal(0)))) if len(nets) == len(found) else priced


def _read_lines(body: str, service_date: date | None) -> Sequence[Line]:
    try:
        return read_claim(json.loads(body, parse_float=Decimal), {}, {}, service_date).lines
    except (ValueError, TypeError, AttributeError, KeyError):
        return ()  # Not valid FHIR, which the edits say better.


class _Priced(NamedTuple):
    unit: Decimal
    net: Decimal


def _price_line(line: Line, prices: PriceList, payer: str) -> _Priced | None:
    price = prices.find(line.code, line.modifiers, payer, line.day) if line.day else None
    return None if price is None else _Priced(price, (price * line.units).quantize(_CENT, ROUND_HALF_UP))


def _write_line(item: str, price: _Priced | None) -> str:
    return set_member(set_member(item, "unitPrice", _money(price.unit)), "net", _money(price.net)) if price else item


def _money(amount: Decimal) -> str:
    """FHIR Money as JSON text, to the cent, or as fine as a unit's price was loaded."""
    exponent = amount.as_tuple().exponent
    fine = isinstance(exponent, int) and exponent < _CENT_EXPONENT
    return f'{{"value":{amount if fine else amount.quantize(_CENT):f},"currency":"{CURRENCY}"}}'
