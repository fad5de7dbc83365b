"""The drugs whose HCPCS numbers are known: how they are called, and what one billing unit of each stands for.

Place in the flow: `doses_given` looks drugs up here; pure. Invariant: on any day a name means at most one
row, the first of the table that holds on the day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache

from services.coder.engine.given import BilledAs
from services.coder.engine.services.doses import is_measured
from services.coder.engine.services.tables import load_rows
from services.coder.engine.services.words import KEPT, WordPatterns

THERAPEUTIC, CHEMOTHERAPY, HORMONAL, HYDRATION, INHALED, BY_PROCEDURE = (
    "therapeutic",
    "chemotherapy",
    "hormonal",
    "hydration",
    "inhaled",
    "procedure",
)


_CHEMOTHERAPY_CODES = "J9"
"""The section of HCPCS Level II with the drugs of chemotherapy."""


@dataclass(frozen=True, slots=True)
class Drug:
    """A row of `drug_codes.tsv`: one billing unit is `amount` of `unit`."""

    code: str
    amount: Decimal
    unit: str
    starts: date | None
    ends: date | None
    kind: str
    is_single_dose: bool
    rxnorm: frozenset[str]
    indications: tuple[str, ...]
    words: str

    @property
    def sentence_words(self) -> str:
        """The words as a sentence begins with them."""
        return self.words[0].upper() + self.words[1:]

    def holds(self, on: date | None) -> bool:
        """Whether the number may be reported on a day; of an unknown day, whether it may be today."""
        if on is None:
            return self.ends is None
        return (self.starts is None or self.starts <= on) and (self.ends is None or on <= self.ends)


def list_drugs(on: date | None) -> Sequence[Drug]:
    """List the drugs whose numbers hold on a day, in the order in which names are tried."""
    return [drug for drug in load_drugs() if drug.holds(on)]


def find_named(text: str, on: date | None, start: int = 0, end: int | None = None) -> Iterator[tuple[Drug, int, int]]:
    """Find the drugs that `text` names between two offsets, with the span of each name, in the order of the text.

    Where two names overlap the earlier row of the table counts.
    """
    limit = len(text) if end is None else end
    found: list[tuple[Drug, int, int]] = []
    for drug, begun, ended in _list_names(text):
        apart = all(ended <= begin or begun >= stop for _, begin, stop in found)
        if apart and start <= begun and ended <= limit and drug.holds(on):
            found.append((drug, begun, ended))
    yield from sorted(found, key=lambda each: each[1])


@lru_cache(maxsize=KEPT)
def _list_names(text: str) -> list[tuple[Drug, int, int]]:
    """Every name of every drug in `text`, in the order of the table."""
    drugs, whole = load_drugs(), [(0, len(text))]
    return [(drugs[number], *match.span()) for _, number, match in _load_names().find(text, whole)]


def find_coded(rxnorm: str, on: date | None) -> Drug | None:
    """Find the drug of an RxNorm ingredient code."""
    return next((drug for drug in list_drugs(on) if rxnorm in drug.rxnorm), None)


def find_billed(billed: BilledAs | None, on: date | None) -> Drug | None:
    """Find the drug of a package; one that is not in the table is known by its billing unit alone."""
    if billed is None:
        return None
    known = next((drug for drug in list_drugs(on) if drug.code == billed.code), None)
    if known or not is_measured(billed.unit.unit) or not billed.unit.value:
        return known
    kind = CHEMOTHERAPY if billed.code.startswith(_CHEMOTHERAPY_CODES) else THERAPEUTIC
    return Drug(billed.code, billed.unit.value, billed.unit.unit, None, None, kind, False, frozenset(), (), billed.name)


@cache
def load_drugs() -> tuple[Drug, ...]:
    """All rows of the table."""
    return tuple(
        Drug(
            code=row["code"],
            amount=Decimal(row["amount"]),
            unit=row["unit"],
            starts=_read_day(row["from"]),
            ends=_read_day(row["until"]),
            kind=row["kind"],
            is_single_dose=row["container"] == "single",
            rxnorm=frozenset(row["rxnorm"].split()),
            indications=tuple(row["prefixes"].split()),
            words=row["words"],
        )
        for row in load_rows("drug_codes.tsv")
    )


@cache
def _load_names() -> WordPatterns:
    return WordPatterns([row["names"] for row in load_rows("drug_codes.tsv")], open_ended=True)


def _read_day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
