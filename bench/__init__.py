"""Benchmarks: each prints a table, and with `--json` one object as its last line."""
