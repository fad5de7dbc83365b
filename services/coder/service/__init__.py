"""The use cases: the only modules of this service that open transactions.

`intake` takes messages in, `suggesting` runs between queue and engine, `queue` leases, `holding` pauses, `charts`
reads, `deciding` and `completing` write what people decide, `learning` lets their decisions teach the engine,
`recomputing` runs it again as it was, `answers` makes repeated requests harmless.
"""
