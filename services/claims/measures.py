"""The gauges of claims that wait for us or for an operator; `shared.postgres.measures` reads them."""

from services.claims import SCHEMA
from shared.postgres.measures import Measure
from shared.postgres.statements import Statements
from shared.telemetry.metrics import gauge

_oldest_ready = gauge("chartline_claims_oldest_ready_seconds", "How long the oldest coding has waited to be scrubbed.")
_undelivered = gauge("chartline_claims_undelivered", "Claims past their deadline; 10,000 stands for more.")

CLAIMS = Measure(
    Statements("services.claims", schema=SCHEMA),
    "measure_claims",
    {"oldest_ready_seconds": _oldest_ready, "undelivered": _undelivered},
)
