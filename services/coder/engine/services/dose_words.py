"""What words say about a dose: amount, strength, route, duration, container, and what of it was discarded.

Place in the flow: `doses_given` reads notes and the notes of structured data with it; pure. Invariant: an amount is
returned as it was written; silence is None, and "none discarded" is an amount of zero.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from services.coder.engine.given import Amount, Strength

_VALUE = r"(?P<{0}>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d*\.?\d+)"
_UNIT = r"(?P<{0}>million units|mg|mcg|\N{{MICRO SIGN}}g|g|gm|grams?|usp units|units?|iu|meq|ml|cc|l|liters?)\b"


def _quantity(value: str, unit: str) -> str:
    return rf"{_VALUE.format(value)}[ -]?{_UNIT.format(unit)}"


_CONTAINER = r"(?:single[- ](?:dose|use) )?(?:vial|syringe|ampule|amp|container|bag)s?"
_AMOUNT = re.compile(rf"(?i)(?<![\d.,/]){_quantity('value', 'unit')}(?! ?/)(?! {_CONTAINER})")
_STRENGTH = re.compile(
    rf"(?i)(?<![\d.,/]){_quantity('value', 'unit')} ?/ ?(?:{_VALUE.format('volume')} ?)?(?P<solution>ml|cc|l)\b"
)
_JUST_BEFORE = re.compile(rf"(?i)(?<![\d.,/]){_quantity('value', 'unit')}(?: of)? ?$")
_TIMES = re.compile(r"(?i)\bx ?(?P<count>[2-9])\b(?! ?(?:min|h|day|week|month|dose))|\b(?P<twice>twice)\b")
_SIZE = re.compile(rf"(?i)(?<![\d.,/]){_quantity('value', 'unit')} {_CONTAINER}\b")
_DISCARDED = re.compile(
    rf"(?i)\b(?:wast\w+|discard\w+)(?: of| the)?(?: remaining)?:? {_quantity('value', 'unit')}"
    rf"|(?<![\d.,/]){_quantity('before', 'its')}(?: \w+){{0,3}} (?:was |were )?(?:wasted|discarded|wastage|waste)\b"
)
_NONE_DISCARDED = re.compile(
    r"(?i)\b(?:no|zero|without) (?:\w+ ){0,2}(?:wast(?:e|age|ed)|discarded)\b|\bnone (?:was )?(?:wasted|discarded)\b"
    r"|\b(?:nothing|no drug) (?:was )?(?:wasted|discarded)\b|\b(?:entire|full|whole) (?:vial|syringe|contents)\b"
)
_SINGLE = re.compile(r"(?i)\bsingle[- ](?:dose|use)\b|\bSDV\b|\bprefilled syringe\b")
_MULTIPLE = re.compile(r"(?i)\bmulti(?:ple)?[- ]?(?:dose|use)\b|\bMDV\b")
_MINUTES = re.compile(
    r"(?i)\b(?:over|for|x|duration:?)(?: a total of| approximately| about)? (?P<value>\d{1,3}(?:\.\d)?)"
    r"[ -]?(?P<unit>min(?:ute)?s?|hours?|hrs?|h)\b"
)


class Route(StrEnum):
    """How a drug got into the patient, as far as billing tells it apart."""

    INJECTION = "injection"
    PUSH = "push"
    INFUSION = "infusion"
    VEIN = "vein"
    INHALED = "inhaled"
    SITE = "site"
    MOUTH = "mouth"


_ROUTES = {
    Route.INFUSION: r"infus\w+|ivpb|drip|piggyback|bolus",
    Route.PUSH: r"iv ?push|ivp\b|pushed|slow push|intravenous push",
    Route.VEIN: r"iv\b|i\.v\.|intraven\w+",
    Route.INJECTION: r"im\b|i\.m\.|intramusc\w+|sc\b|sq\b|s\.c\.|sub-?q\b|subcut\w*",
    Route.SITE: r"intra-?articul\w+|(?:into|in) (?:the )?(?:\w+ ){0,2}(?:joint|knee|shoulder|bursa|hip|tendon sheath)"
    r"|intravitreal\w*|intralesional\w*|intradermal\w*|epidural\w*",
    Route.INHALED: r"neb\b|nebs\b|nebuli[sz]\w+|inhal(?:ed|ation)\b",
    Route.MOUTH: r"inhaler\b|puffs?\b|mdi\b|po\b|p\.o\.|oral\w*|by mouth|tab(?:let)?s?\b|capsules?|sublingual\w*|odt\b",
}
_ROUTE_PATTERNS = {route: re.compile(rf"(?i)\b(?:{pattern})") for route, pattern in _ROUTES.items()}
_INTRAVENOUS = frozenset({Route.INFUSION, Route.PUSH, Route.VEIN})


@dataclass(frozen=True, slots=True)
class DoseWords:
    """What was read; `discarded` of zero says that nothing was, `is_single_dose` of None that the words do not tell."""

    amount: Amount | None
    strength: Strength | None
    route: Route | None
    times: int
    minutes: int | None
    size: Amount | None
    discarded: Amount | None
    is_single_dose: bool | None


def keep_just_before(text: str) -> str:
    """The amount with which `text` ends; the rest of it speaks of another drug."""
    match = _JUST_BEFORE.search(text)
    return match[0] if match else ""


def read_dose(text: str, before: str = "", name: str = "") -> DoseWords:
    """Read the words that follow a drug's `name`; the amount may also stand in `before`, the words that precede it."""
    plain = _DISCARDED.sub(" ", text)
    size, again = _SIZE.search(text), _TIMES.search(plain)
    strength = _read_strength(text) or _read_strength(before)
    return DoseWords(
        amount=_read_amount(plain, before, name) or _read_unit_dose(strength),
        strength=strength,
        route=read_route(plain) or read_route(f"{before}{name}"),
        times=(int(again["count"]) if again["count"] else 2) if again else 1,
        minutes=_read_minutes(plain),
        size=_amount(size["value"], size["unit"]) if size else None,
        discarded=_read_discarded(text),
        is_single_dose=True if _SINGLE.search(text) else False if _MULTIPLE.search(text) else None,
    )


def _read_amount(after: str, before: str, name: str) -> Amount | None:
    """An amount just before the name ("80 mg of ...") counts before one after it, and that before any other."""
    places = (_JUST_BEFORE.search(before), _AMOUNT.search(after), _AMOUNT.search(name))
    found = next((match for match in places if match), None) or next(iter(list(_AMOUNT.finditer(before))[-1:]), None)
    return _amount(found["value"], found["unit"]) if found else None


def _read_unit_dose(strength: Strength | None) -> Amount | None:
    """A drug in several mL, such as 2.5 mg/3 mL, is a container that is given whole."""
    return strength.drug if strength and strength.solution.value > 1 else None


def read_route(text: str) -> Route | None:
    """Return the route that stands first; one that says more of a vein than "IV" counts before it."""
    found = {route: match.start() for route, pattern in _ROUTE_PATTERNS.items() if (match := pattern.search(text))}
    if not found:
        return None
    first = min(found, key=lambda route: found[route])
    closer = [route for route in (Route.PUSH, Route.INFUSION) if route in found]
    return closer[0] if first in _INTRAVENOUS and closer else first


def _read_strength(text: str) -> Strength | None:
    match = _STRENGTH.search(text)
    if match is None:
        return None
    return Strength(_amount(match["value"], match["unit"]), _amount(match["volume"] or "1", match["solution"]))


def _read_discarded(text: str) -> Amount | None:
    if match := _DISCARDED.search(text):
        return _amount(match["value"] or match["before"], match["unit"] or match["its"])
    return Amount(Decimal(0), "mg") if _NONE_DISCARDED.search(text) else None


def _read_minutes(text: str) -> int | None:
    match = _MINUTES.search(text)
    if match is None:
        return None
    scale = 1 if match["unit"].lower().startswith("m") else 60
    return int(Decimal(match["value"]) * scale)


def _amount(value: str, unit: str) -> Amount:
    return Amount(Decimal(value.replace(",", "")), unit.lower())
