"""The audit log: who read which chart and who changed what, as FHIR AuditEvents in a hash chain.

`trail` knows what a request does, `event` words it, `log` writes it, `seal` chains it, `verify` finds what was tampered
with. It has a schema of its own, so that its tables can belong to an account that no service has.
"""

SCHEMA = "audit"
MIGRATION_PACKAGES = ("shared.audit",)
