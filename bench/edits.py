"""How many claims a second the edits judge on one core, with all tables filled.

    python bench/edits.py [--seconds 5] [--json]

Each claim is judged from its Bundle's bytes: read, typed, and run through every billing edit of its day, payer and
channel, with ten of a payer's own rules beside them. Visits and stays with one to six diagnoses and one to four lines,
most of them with something to find; reference tables have the sizes of the official files. Times are processor
seconds.

`claims_per_second` is for a payer who takes FHIR, by Kafka or HTTP; `x12_claims_per_second` for one who takes X12, with
the edits of that channel beside all others, which go through the whole 837 for what it cannot carry. What validating
FHIR costs on top, which is done once on what is about to be sent, is measured apart. `edits` and `x12_edits` say how
many edits run, `pairs`, `unit_limits` and `coverage` how many rows they look in. The last line with `--json` is one
object.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from services.claims.edits import (
    BILLING_EDITS,
    ClaimUnderEdit,
    EditContext,
    MedicareCodeEditor,
    ReferenceData,
    TabularBook,
    read_payer_rules,
    run_edits,
    scrub_claim,
)
from services.claims.edits.reference import CoverageRule, PairBook, UnitLimit
from services.claims.edits.selection import select_edits
from services.claims.edits.service_book import ServiceBook, index_code_days
from services.claims.payers import PayerLimits
from shared.codesets.entry import Entry
from shared.codesets.icd10cm import load_icd10cm
from shared.codesets.pair_table import PairRow, PairTable, pack_pairs
from shared.codesets.periods import Period
from shared.fhir import systems

Resource = dict[str, Any]  # FHIR as JSON

DAY = date(2026, 9, 1)
BASE = "https://hospital.example/fhir"
CLAIMS = 500
LIMITS = PayerLimits(max_diagnoses=12)
PAIRS, UNIT_LIMITS, COVERAGE = 2_400_000, 15_000, 2_000
OPEN = (date(2020, 1, 1), date.max)
SERVICES = ("99213", "99214", "71046", "80053", "83036", "93000", "20610", "97110", "36415", "85025")
NAME = [{"family": "Doe", "given": ["Jane"]}]
PLACES, MODIFIERS = ("11", "22", "23"), ("", "", "", "25", "59", "RT", "95")
RULE = """
[[rule]]
id = "bench/rule-{number}"
source = "bench"
message = "A visit of this payer needs a diagnosis of the list."
fix = "None."
when = {{ services = ["9921{number}", "70010-76499"], places = ["11"] }}
require = {{ diagnoses = ["A00-Z99"] }}
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Results; `findings_per_claim` shows that the claims were not all sound."""

    claims_per_second: float
    x12_claims_per_second: float
    with_fhir_validation_per_second: float
    edits: int
    x12_edits: int
    pairs: int
    unit_limits: int
    coverage: int
    findings_per_claim: float
    x12_findings_per_claim: float


@contextmanager
def open_tables() -> Iterator[ReferenceData]:
    """Reference data: the real Tabular List and Medicare Code Editor, and made-up rows in the official numbers."""
    pick = random.Random(1)  # noqa: S311 - no secret
    codes = [f"{number:05}" for number in range(10_000, 99_999, 9)] + list(SERVICES)
    with MedicareCodeEditor() as editor:
        yield ReferenceData(
            diagnoses=TabularBook(load_icd10cm()),
            editor=editor,
            pairs=_make_pairs(codes, pick),
            unit_limits={
                code: (UnitLimit(*OPEN, Decimal(pick.randint(1, 8)), pick.choice("123")),)
                for code in codes[-UNIT_LIMITS:]
            },
            services=ServiceBook(
                index_code_days([Entry(f"J{number:04}") for number in range(8_000)] + [Entry("RT")], [OPEN]),
                index_code_days([Entry(code) for code in codes], [OPEN]),
            ),
            coverage={
                code: (CoverageRule(*OPEN, "", (("A00", "Z99"),)),) for code in [*codes[:COVERAGE], "83036", "93000"]
            },
        )


def _make_pairs(codes: Sequence[str], pick: random.Random) -> PairBook:
    """Four quarters of the official number, of one content."""
    chosen = sorted({(pick.choice(codes), pick.choice(codes)) for _ in range(PAIRS)})
    table = PairTable(pack_pairs(PairRow(one, two, *OPEN, pick.choice("019")) for one, two in chosen))
    days = [date(2025, 10, 1), date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1), date.max]
    return PairBook([(Period(first, last - timedelta(days=1)), table) for first, last in pairwise(days)])


def make_claims() -> list[bytes]:
    """Bundles: four visits to one stay, with one to six diagnoses and one to four lines."""
    pick = random.Random(2)  # noqa: S311 - no secret
    codes = list(load_icd10cm().billable_codes())
    return [_make_bundle(number, codes, pick) for number in range(CLAIMS)]


def _make_bundle(number: int, codes: Sequence[str], pick: random.Random) -> bytes:
    is_stay = number % 5 == 0
    diagnoses = pick.sample(codes, pick.randint(1, 6))
    claim: Resource = {
        "resourceType": "Claim",
        "id": f"claim-{number}",
        "status": "active",
        "type": _concept(systems.CLAIM_TYPE, "institutional" if is_stay else "professional"),
        "use": "claim",
        "patient": {"reference": "Patient/patient"},
        "billablePeriod": {"start": f"{DAY}T08:00:00Z", "end": f"{DAY}T10:00:00Z"},
        "created": "2026-09-02T08:00:00Z",
        "provider": {"reference": "Organization/hospital"},
        "priority": _concept(systems.PROCESS_PRIORITY, "normal"),
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/coverage"}}],
        "diagnosis": [
            {"sequence": place, "diagnosisCodeableConcept": _concept(systems.ICD10CM, code)}
            for place, code in enumerate(diagnoses, 1)
        ],
        "item": [_make_line(place, pick) for place in range(1, pick.randint(1, 4) + 1)],
    }
    others: list[Resource] = [
        {"resourceType": "Patient", "id": "patient", "gender": "female", "birthDate": "1961-05-04", "name": NAME},
        {"resourceType": "Organization", "id": "hospital", "name": "Hospital"},
        {"resourceType": "Organization", "id": "payer", "name": "Payer"},
        {
            "resourceType": "Coverage",
            "id": "coverage",
            "status": "active",
            "beneficiary": {"reference": "Patient/patient"},
            "payor": [{"reference": "Organization/payer"}],
        },
        {
            "resourceType": "Encounter",
            "id": "encounter",
            "status": "finished",
            "class": {"system": systems.ACT_CODE, "code": "IMP" if is_stay else "AMB"},
        },
    ]
    entries = [{"fullUrl": f"{BASE}/{r['resourceType']}/{r['id']}", "resource": r} for r in (claim, *others)]
    head: Mapping[str, object] = {
        "resourceType": "Bundle",
        "type": "collection",
        "identifier": {"system": systems.CLAIM_IDENTIFIER, "value": str(number)},
        "timestamp": "2026-09-02T08:00:00Z",
    }
    return json.dumps({**head, "entry": entries}).encode()


def _make_line(place: int, pick: random.Random) -> Resource:
    modifier = pick.choice(MODIFIERS)
    return {
        "sequence": place,
        "diagnosisSequence": [1],
        "productOrService": _concept(systems.CPT, pick.choice(SERVICES)),
        **({"modifier": [_concept("https://modifiers.example", modifier)]} if modifier else {}),
        "servicedDate": DAY.isoformat(),
        "locationCodeableConcept": _concept(systems.PLACE_OF_SERVICE, pick.choice(PLACES)),
        "quantity": {"value": pick.randint(1, 4)},
        "revenue": {"text": "0987"},
        "unitPrice": {"value": 95.5, "currency": "USD"},
    }


def _concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def measure(judge: Callable[[bytes], object], bundles: Sequence[bytes], seconds: float) -> float:
    """Claims a processor second, over whole rounds, after one round to warm up."""
    for bundle in bundles:
        judge(bundle)
    judged, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        for bundle in bundles:
            judge(bundle)
        judged += len(bundles)
    return round(judged / (time.process_time() - started), 1)


def run(seconds: float) -> Measured:
    """Measure the edits on both kinds of channel, and the edits with FHIR validation of Claim and Bundle."""
    bundles = make_claims()
    rules = read_payer_rules("".join(RULE.format(number=number) for number in range(10)))
    with open_tables() as tables:
        fhir, x12 = (
            EditContext(tables, payer="bench", channel=channel, submitted_on=date(2026, 9, 2), payer_rules=rules)
            for channel in ("fhir", "x12")
        )
        return Measured(
            claims_per_second=measure(lambda bundle: run_edits(_put(bundle, fhir)), bundles, seconds),
            x12_claims_per_second=measure(lambda bundle: run_edits(_put(bundle, x12)), bundles, seconds),
            with_fhir_validation_per_second=measure(
                lambda bundle: scrub_claim(_put(bundle, fhir)), bundles[:50], seconds
            ),
            edits=_count_edits(fhir),
            x12_edits=_count_edits(x12),
            pairs=PAIRS,
            unit_limits=len(tables.unit_limits),
            coverage=len(tables.coverage),
            findings_per_claim=_count_findings(bundles, fhir),
            x12_findings_per_claim=_count_findings(bundles, x12),
        )


def _put(bundle: bytes, context: EditContext) -> ClaimUnderEdit:
    return ClaimUnderEdit(bundle, LIMITS, DAY, context)


def _count_edits(context: EditContext) -> int:
    return len(select_edits((*BILLING_EDITS, *context.payer_rules), DAY, context.payer, context.channel))


def _count_findings(bundles: Sequence[bytes], context: EditContext) -> float:
    return round(sum(len(run_edits(_put(bundle, context))) for bundle in bundles) / len(bundles), 2)


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    options = parser.parse_args()
    measured = run(options.seconds)
    rows = {name: getattr(measured, name) for name in Measured.__slots__}
    for name, value in rows.items():
        print(f"{name:34}{value:>12,}")
    if options.json:
        print(json.dumps(rows))


if __name__ == "__main__":
    main()
