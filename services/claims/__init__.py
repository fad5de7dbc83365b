"""claims: from a coded chart to a Bundle that its payer has answered."""

SCHEMA = "claims"
MIGRATION_PACKAGES = ("shared.postgres", "services.claims")
