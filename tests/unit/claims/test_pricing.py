"""Prices on a Claim: exact, by modifier, payer and day; and no other byte is touched."""

import json
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from services.claims.edits.price_list import PriceList, index_prices
from services.claims.pricing import price_claim
from shared.fhir import systems
from tests.builders import claim

DAY = date(2026, 9, 1)


@dataclass(frozen=True)
class Row:
    """A row of a fee schedule, as its reader gives it."""

    code: str
    facts: dict[str, str] = field(default_factory=dict)
    starts: date | None = date(2026, 1, 1)
    ends: date | None = None


def fee(code: str, price: str, modifier: str = "", payer: str = "", starts: date = date(2026, 1, 1)) -> Row:
    return Row(code, {"price": price, "modifier": modifier, "payer": payer}, starts)


PRICES = index_prices(
    [
        fee("71046", "60"),
        fee("71046", "55", payer="acme"),
        fee("71046", "20", modifier="26"),
        fee("71046", "19", modifier="26", payer="acme"),
        fee("71046", "41", modifier="TC"),
        fee("71046", "66", starts=date(2026, 10, 1)),
    ]
)


@pytest.mark.parametrize(
    ("modifiers", "payer", "on", "price"),
    [
        ((), "other", DAY, "60"),
        ((), "acme", DAY, "55"),
        (("26",), "other", DAY, "20"),
        (("26",), "acme", DAY, "19"),
        (("TC",), "acme", DAY, "41"),
        (("59", "TC"), "acme", DAY, "41"),
        (("59",), "acme", DAY, "55"),
        ((), "other", date(2026, 10, 1), "66"),
        ((), "other", date(2025, 12, 31), None),
    ],
)
def test_a_price_is_of_modifier_then_payer_then_day(
    modifiers: tuple[str, ...], payer: str, on: date, price: str | None
) -> None:
    found = PRICES.find("71046", modifiers, payer, on)
    assert found == (Decimal(price) if price else None)


def test_a_charge_master_has_days() -> None:
    assert not PRICES.holds_on(date(2025, 12, 31))
    assert PRICES.holds_on(date(2026, 1, 1))
    assert not PriceList().holds_on(DAY)


def test_totals_are_exact_where_floats_are_not() -> None:
    prices = index_prices([fee(code, "0.10") for code in ("10001", "10002", "10003")])
    body = json.dumps(claim(services=("10001", "10002", "10003")))
    assert '"total":{"value":0.30,"currency":"USD"}' in price_claim(body, prices, "acme", DAY)


def test_every_other_byte_stays() -> None:
    body = json.dumps(claim(services=("71046", "36415"))).replace('"use": "claim"', '"use" :\t"claim"')
    priced = price_claim(body, PRICES, "acme", DAY)
    assert priced == body.replace(
        '"servicedDate": "2026-09-01"}',
        '"servicedDate": "2026-09-01","unitPrice":{"value":55.00,"currency":"USD"},'
        '"net":{"value":55.00,"currency":"USD"}}',
        1,
    ).replace('}, {"sequence": 2', '},{"sequence": 2')


@pytest.mark.parametrize("body", ["{}", '{"item":"x"}', '{"item":[1]}', '{"item":[{"servicedDate":"x"}]}', "[]"])
def test_a_claim_that_is_not_fhir_is_left_to_the_edits(body: str) -> None:
    assert price_claim(body, PRICES, "acme", DAY) == body


@pytest.mark.parametrize(("units", "net"), [("1", "0.13"), ("3", "0.38"), ("2.5", "0.31")])
def test_units_count_with_their_decimals_and_a_line_is_rounded_once(units: str, net: str) -> None:
    coded = {"productOrService": {"coding": [{"system": systems.CPT, "code": "10001"}]}}
    body = json.dumps(claim(item=[{"sequence": 1, **coded, "quantity": {"value": 0}}]))
    priced = price_claim(
        body.replace('"value": 0', f'"value": {units}'), index_prices([fee("10001", "0.125")]), "a", DAY
    )
    assert '"unitPrice":{"value":0.125,' in priced
    assert f'"total":{{"value":{net},' in priced
