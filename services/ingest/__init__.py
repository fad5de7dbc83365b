"""ingest: from an integration engine's events to charts that can be coded.

`app` builds it; `consumer`, `emission` and `api` drive it; `service` holds the use cases; `store` the statements.
"""

SCHEMA = "ingest"
MIGRATION_PACKAGES = ("shared.postgres", "services.ingest")
