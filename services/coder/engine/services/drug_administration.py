"""Lines for giving drugs: injections, pushes, infusions, hydration and inhaled treatments, beside the drugs' own lines.

Place in the flow: `suggest_services` calls it with the doses of the chart; pure. Invariants: one service into a vein is
the first of the encounter, by the hierarchy of CPT; an infusion without documented time is never one.
Sources: CPT, hydration, injection and infusion guidelines; CMS NCCI Policy Manual, chapter 11, section B.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from services.coder.engine.model import Chart, Suggestion
from services.coder.engine.services.dose_words import Route
from services.coder.engine.services.doses_given import Dose
from services.coder.engine.services.drug_table import (
    BY_PROCEDURE,
    CHEMOTHERAPY,
    HORMONAL,
    HYDRATION,
    INHALED,
    THERAPEUTIC,
)
from services.coder.engine.services.lines import (
    CONFIDENCE_OFFER,
    FACILITY_ONLY,
    choose_distinct,
    justify_given,
    merge_repeated,
    offer_of_facility,
    propose,
)
from services.coder.engine.services.tables import load_rows

PUSH_MINUTES, HYDRATION_MINUTES = 15, 31
"""An infusion of this many minutes or fewer is a push; hydration of fewer is no service."""
_CONFIDENCE, _CONFIDENCE_WITH_GAPS = 0.8, 0.5
_VEIN = frozenset({Route.INFUSION, Route.PUSH, Route.VEIN})
_AGAIN = "76"
_NO_TIME = "infusion start and stop time"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of `administration_codes.tsv`."""

    code: str
    rank: int
    words: str


@dataclass(frozen=True, slots=True)
class Giving:
    """A dose with the kind and way in which giving it is billed."""

    dose: Dose
    kind: str
    way: str
    gaps: tuple[str, ...] = ()


def suggest_administration(chart: Chart, diagnoses: Sequence[Suggestion], doses: Sequence[Dose]) -> list[Suggestion]:
    """Suggest how the doses were given; none where the stay pays for it."""
    if chart.encounter_class in FACILITY_ONLY:
        return []
    lines = merge_repeated(_list_lines(chart, diagnoses, [giving for dose in doses if (giving := _classify(dose))]))
    return [offer_of_facility(chart, line) for line in lines]


def _classify(dose: Dose) -> Giving | None:
    kind = dose.drug.kind
    if kind == BY_PROCEDURE:
        return None  # The procedure has a number of its own.
    if dose.route is Route.INHALED:
        return Giving(dose, INHALED, "inhalation")
    if dose.route is Route.INJECTION:
        return Giving(dose, kind, "injection") if kind != HYDRATION else None
    if dose.route not in _VEIN:
        return None
    if kind == HYDRATION:
        return Giving(dose, kind, "infusion", () if dose.minutes else (_NO_TIME,))
    kind = CHEMOTHERAPY if kind == HORMONAL else kind
    if dose.minutes is not None:
        return Giving(dose, kind, "infusion" if dose.minutes > PUSH_MINUTES else "push")
    return Giving(dose, kind, "push", (_NO_TIME,) if dose.route is Route.INFUSION else ())


def _list_lines(chart: Chart, diagnoses: Sequence[Suggestion], givings: Sequence[Giving]) -> Iterator[Suggestion]:
    veins = [each for each in givings if each.way in ("push", "infusion") and _counts(each)]
    ordered = sorted(veins, key=lambda each: _find_row(each, "first").rank)
    for number, giving in enumerate(ordered):
        yield _suggest(diagnoses, giving, _find_row(giving, "next" if number else "first"))
        if hours := _count_further_hours(giving):
            yield _suggest(diagnoses, giving, _find_row(giving, "hour"))._replace(units=hours)
    for giving in givings:
        if giving.way in ("injection", "inhalation"):
            line = _suggest(diagnoses, giving, _find_row(giving, "each"))
            # NCCI pairs an injection with a service into a vein; it is a service of its own by its site.
            apart = (choose_distinct("XU", chart.payer),) if ordered and giving.way == "injection" else ()
            yield from _repeat(line._replace(modifiers=apart), giving)
        elif not _counts(giving) and _NO_TIME in giving.gaps:
            line = _suggest(diagnoses, giving, _find_row(giving, "first"))
            yield line._replace(selected=False, confidence=CONFIDENCE_OFFER)


def _repeat(line: Suggestion, giving: Giving) -> Iterator[Suggestion]:
    """Each injection counts; an inhaled treatment that is repeated is a line of its own (CPT 94640, modifier 76)."""
    times = giving.dose.times
    if giving.way == "injection":
        yield line._replace(units=times)
        return
    yield line
    if times > 1:
        yield line._replace(modifiers=(*line.modifiers, _AGAIN), units=times - 1)


def _counts(giving: Giving) -> bool:
    return giving.kind != HYDRATION or (giving.dose.minutes or 0) >= HYDRATION_MINUTES


def _count_further_hours(giving: Giving) -> int:
    """Each hour beyond the first, of which more than 30 minutes passed."""
    return max(0, ((giving.dose.minutes or 0) - 31) // 60) if giving.way == "infusion" else 0


def _suggest(diagnoses: Sequence[Suggestion], giving: Giving, row: Row) -> Suggestion:
    dose = giving.dose
    suggestion = propose(
        row.code,
        row.words,
        _explain(giving),
        evidence=dose.evidence,
        confidence=_CONFIDENCE_WITH_GAPS if giving.gaps or not dose.said_given else _CONFIDENCE,
    )
    return suggestion._replace(
        missing=giving.gaps if dose.said_given else (*giving.gaps, "that it was given"),
        facts=dose.facts,
        justified_by=justify_given(
            diagnoses, dose.reasons, [span.document_id for span in dose.evidence], dose.drug.indications
        ),
    )


def _explain(giving: Giving) -> str:
    minutes = giving.dose.minutes
    lasted = f" over {minutes} minutes" if minutes else ""
    return f"{giving.dose.drug.sentence_words} given by {giving.way}{lasted}."


def _find_row(giving: Giving, place: str) -> Row:
    rows = _load_rows()
    return rows.get((giving.kind, giving.way, place)) or rows[THERAPEUTIC, giving.way, place]


@cache
def _load_rows() -> dict[tuple[str, str, str], Row]:
    return {
        (row["kind"], row["way"], row["place"]): Row(row["code"], int(row["rank"]), row["words"])
        for row in load_rows("administration_codes.tsv")
    }
