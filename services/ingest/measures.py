"""The gauge of charts that should have been looked at; `shared.postgres.measures` reads it."""

from services.ingest.store import SQL
from shared.postgres.measures import Measure
from shared.telemetry.metrics import gauge

_overdue = gauge("chartline_ingest_overdue_seconds", "How late the chart is that should have been looked at first.")

CHARTS = Measure(SQL, "measure_charts", {"overdue_seconds": _overdue})
