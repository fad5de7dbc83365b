"""Denials: what a payer's codes mean, which line, decision and words they hit, and what to do next; pure."""
