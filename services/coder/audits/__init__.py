"""Audits of earlier coding: what was reported, how a reviewer's coding differs from it, and how sure a share is; pure.

Place in the flow: `service.auditing` fills and stores what these compute. docs/audits.md says what is counted.
"""
