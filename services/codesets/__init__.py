"""The `chartline codesets` command: loads official files, says what is there, and what a new release touches.

It belongs to no service; for `impact` it reads, as an auditor does, the coder's and the claims service's schema.
"""

from shared.codesets.store import MIGRATION_PACKAGES, SCHEMA

__all__ = ["MIGRATION_PACKAGES", "SCHEMA"]
