"""The readable text of reports, notes and documents: what ingest codes from, and what a verifier reads again."""
