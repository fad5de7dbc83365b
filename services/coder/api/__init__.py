"""The queue API under `/v1`: `queue` leases, `charts` reads and decides, `codes` finds, `work_items` gives back,
`holds` pauses, `queries` asks clinicians, `threads` colleagues.

Invariant: a route reads its request, calls one use case and shapes the answer; who may call stands in its signature.
"""

from services.coder.api import charts, codes, holds, queries, queue, threads, work_items

ROUTERS = (queue.router, charts.router, codes.router, work_items.router, holds.router, queries.router, threads.router)
