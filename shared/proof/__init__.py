"""Proof that a claim says what a person decided: signatures over lines and Bundles, and their verification.

Place in the flow: the coder service signs each coded element (`coding`), the claims service seals the Bundle (`seal`),
and whoever holds the public keys checks both without asking either (`verification`).
"""
