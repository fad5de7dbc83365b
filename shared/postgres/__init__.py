"""PostgreSQL for every service: pool, named statements, migrations, inbox, outbox and quarantine."""
