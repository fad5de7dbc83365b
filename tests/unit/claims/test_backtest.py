"""A back-test counts claims, not lines, runs rules where they would run, and says how sure its shares are."""

from datetime import date

import pytest

from services.claims.backtest import Fate, PastClaim, try_edits, wilson
from services.claims.build import BundleFrame, build_bundle
from services.claims.edits import read_payer_rules
from tests.builders import claim
from tests.builders.claims import COMPLETED_AT
from tests.unit.claims.codings import coded_chart

RULES = """
[[rule]]
id = "acme/imaging"
source = "test"
payers = ["acme"]
message = "m"
fix = "f"
when = { services = ["71046"] }
require = { modifiers = ["26"] }

[[rule]]
id = "acme/later"
source = "test"
effective_from = 2027-01-01
message = "m"
fix = "f"
forbid = { services = ["99213"] }
"""


def past(fate: Fate, *services: str, payer_id: str = "acme") -> PastClaim:
    coded = coded_chart(final_claim=claim(services=services))
    bundle = build_bundle(coded, BundleFrame(coded.chart_id, COMPLETED_AT, "https://hospital.example/fhir"))
    return PastClaim(bundle, payer_id, "fhir", date(2026, 9, 3), fate)


def test_a_rule_is_tried_on_the_claims_of_its_payer_and_its_days() -> None:
    claims = [
        past(Fate.DENIED, "71046", "71046"),
        past(Fate.TAKEN, "71046"),
        past(Fate.DENIED, "99213"),
        past(Fate.DENIED, "71046", payer_id="other"),
    ]
    imaging, later = try_edits(read_payer_rules(RULES), claims)
    assert (imaging.judged, imaging.denied, imaging.stopped, imaging.stopped_denied) == (3, 2, 2, 1)
    assert (imaging.stopped_taken, imaging.precision, imaging.caught) == (1, 0.5, 0.5)
    assert (later.judged, later.stopped, later.precision, later.precision_interval, later.caught) == (
        0,
        0,
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)]
)
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=1e-4)
