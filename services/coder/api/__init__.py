"""The queue API under `/v1`: `queue` leases, `charts` reads and decides, `grouping` and `chart_claims` tell what that
amounts to, `codes` finds, `code_changes` tells what is new, `work_items` gives back, `holds` pauses, `glass` opens what
is closed, `queries` asks clinicians, `threads` colleagues, `worklists` and `coders` say what is whose, `automation`
what is closed without touch, `reports` who did what, `audits` and `differences` how right it was.

Invariant: a route reads its request, calls one use case and shapes the answer; who may call stands in its signature.
"""

from services.coder.api import (
    audits,
    automation,
    chart_claims,
    charts,
    code_changes,
    coders,
    codes,
    differences,
    glass,
    grouping,
    holds,
    my_queries,
    queries,
    queue,
    reports,
    threads,
    work_items,
    worklists,
)

_MODULES = (
    queue,
    charts,
    grouping,
    chart_claims,
    code_changes,
    codes,
    work_items,
    holds,
    glass,
    worklists,
    coders,
    queries,
    my_queries,
    threads,
    automation,
    reports,
    audits,
    differences,
)
ROUTERS = tuple(module.router for module in _MODULES)
