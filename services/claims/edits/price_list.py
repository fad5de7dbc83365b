"""What services cost, from fee schedules and charge masters; pure.

Place in the flow: `service.rule_tables` fills it, `pricing` puts its prices on a Claim, an edit names the lines that it
has none for. Invariant: a price is the exact decimal that was loaded; what has no price has none, and never 0.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.claims.edits.rows import Dated, ReferenceRow, read_days

EVERYONE = ""


@dataclass(frozen=True, slots=True)
class Price(Dated):
    """The price of one unit, in the currency of the charge master."""

    amount: Decimal


class PriceList:
    """Prices by (code, modifier, payer); modifier and payer are '' where a price is for none and for everyone."""

    def __init__(self, prices: Mapping[tuple[str, str, str], Sequence[Price]] | None = None) -> None:
        self._prices = prices or {}
        days = [(price.starts, price.ends) for rows in self._prices.values() for price in rows]
        self._starts = min((starts for starts, _ in days), default=date.max)
        self._ends = max((ends for _, ends in days), default=date.min)

    def __bool__(self) -> bool:
        return bool(self._prices)

    def holds_on(self, day: date) -> bool:
        """Whether there is a charge master for the day, so that a service without a price is missing from it."""
        return self._starts <= day <= self._ends

    def find(self, code: str, modifiers: Sequence[str], payer: str, on: date) -> Decimal | None:
        """The price of a unit on a day; None when there is none.

        A modifier's price goes before the plain one, since it is that of another service (26 is the reading of a film,
        not the film); then the payer's own before everyone's; then the one that began last.
        """
        for modifier in (*modifiers, ""):
            for whose in (payer, EVERYONE):
                rows = [price for price in self._prices.get((code, modifier, whose), ()) if price.holds_on(on)]
                if rows:
                    return max(rows, key=lambda price: price.starts).amount
        return None


def index_prices(rows: Iterable[ReferenceRow]) -> PriceList:
    """Index rows with facts `price`, an exact decimal as text, `modifier` and `payer`."""
    prices: dict[tuple[str, str, str], list[Price]] = defaultdict(list)
    for row in rows:
        key = row.code, str(row.facts.get("modifier", "")), str(row.facts.get("payer", ""))
        prices[key].append(Price(*read_days(row), Decimal(str(row.facts["price"]))))
    return PriceList(prices)
