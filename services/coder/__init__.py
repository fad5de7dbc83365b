"""The coder service: suggests codes for ready charts, serves the queue to people, and publishes what they decide.

`app` builds it; `consumer`, `suggester` and `api` drive it; `service` holds the use cases; `store` the statements.
"""

SCHEMA = "coder"
SOURCE = f"chartline/{SCHEMA}"
"""The source of this service's events."""
MIGRATION_PACKAGES = ("shared.postgres", "services.coder")
