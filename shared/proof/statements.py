"""Signed statements: canonical JSON (RFC 8785) in a JWS (RFC 7515) in compact form, by EdDSA alone.

Invariant: what `read_statement` returns was signed, byte by byte, with a key of the ring; the algorithm is ours to
choose and never the token's.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import jwt
import rfc8785

from shared.contracts.errors import ChartlineError
from shared.proof.keys import PublicKeys, SigningKey

_ALGORITHM = "EdDSA"
_JWS = jwt.PyJWS(algorithms=[_ALGORITHM])

Statement = Mapping[str, Any]
"""Decoded JSON; what stands in it is said where it is made."""


class SignatureRefused(ChartlineError):
    """A signature that does not hold."""

    code = "signature-refused"


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of a decoded value (RFC 8785); raises ValueError for what JSON cannot hold."""
    return rfc8785.dumps(value)


def hash_value(value: Any) -> str:
    """SHA-256 (hex) of the canonical JSON of a value; raises ValueError for what JSON cannot hold."""
    return hashlib.sha256(canonical(value)).hexdigest()


def sign_statement(statement: Statement, key: SigningKey, *, kind: str) -> str:
    """Sign a statement; `kind` is the JWS `typ`, so that one kind is never taken for another."""
    headers = {"kid": key.key_id, "typ": kind}
    return _JWS.encode(canonical(statement), key.private, algorithm=_ALGORITHM, headers=headers)


def read_statement(token: str, keys: PublicKeys, *, kind: str) -> Statement:
    """Return what was signed; raises SignatureRefused that says why it is not to be believed."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != kind:
            raise SignatureRefused(f"this is no signature of the kind {kind}")
        key = keys.get(header.get("kid", ""))
        if key is None:
            raise SignatureRefused("signed with a key that is not among the keys given")
        statement: Statement = json.loads(_JWS.decode(token, key, algorithms=[_ALGORITHM]))
    except jwt.InvalidTokenError:
        raise SignatureRefused("the signature does not fit what it signs, or is no JWS") from None
    return statement
