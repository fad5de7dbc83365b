"""FHIR R4 as Chartline uses it: parse, validate, read by subset, name code systems and our extensions.

Invariant: nothing here prints a resource again; the sender's text travels unchanged and is only read.
"""
