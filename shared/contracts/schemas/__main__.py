"""`python -m shared.contracts.schemas` writes the schemas anew."""

from shared.contracts.schemas import write_schemas

write_schemas()
