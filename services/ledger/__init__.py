"""The ledger: proves on the running database and broker that nothing was lost and nothing was done twice.

It belongs to no service and reads, as an auditor does, every schema; it writes nothing. The law is in
docs/architecture.md, "The conservation law".
"""

from services.ledger.ledger import Ledger, read_ledger

__all__ = ["Ledger", "read_ledger"]
