"""The gauges of charts that wait for the engine; `shared.postgres.measures` reads them."""

from services.coder.store import SQL
from shared.postgres.measures import Measure
from shared.telemetry.metrics import gauge

_suggesting = gauge("chartline_engine_waiting", "Charts that wait for the engine; 10,000 stands for more.")
_oldest = gauge("chartline_engine_oldest_seconds", "How long the oldest of them has waited.")

CHARTS = Measure(SQL, "measure_charts", {"suggesting": _suggesting, "oldest_suggesting_seconds": _oldest})
