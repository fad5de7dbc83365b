"""The queue API under `/v1`: `queue` leases, `charts` reads and decides, `work_items` releases and retries.

Invariant: a route reads its request, calls one use case and shapes the answer; who may call stands in its signature.
"""

from services.coder.api import charts, queue, work_items

ROUTERS = (queue.router, charts.router, work_items.router)
