"""The seal of a payer's Bundle: FHIR's Bundle.signature, over a manifest of everything in it.

Place in the flow: the claims service seals what it queues; the bytes never change again. The manifest hashes each
entry by itself, so that a broken seal still says which entry was touched.
Source: FHIR R4 Signature (sigFormat application/jose), RFC 7515, RFC 8785; the manifest is described in docs/proof.md.
"""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.fhir import systems
from shared.proof.keys import SigningKey
from shared.proof.statements import Statement, hash_value, sign_statement

SEAL_KIND = "chartline-seal+jws"
_SOURCE_SIGNATURE = {"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.14"}

Bundle = Mapping[str, Any]


def seal_bundle(bundle: bytes, key: SigningKey, *, rules: Mapping[str, str], sealed_at: datetime) -> bytes:
    """Return `bundle`, compact JSON without a signature, with its seal as the last member; nothing else changes.

    `rules` are the versions of the billing rules that it passed, by name.
    """
    token = sign_statement(describe_bundle(json.loads(bundle), rules), key, kind=SEAL_KIND)
    signature = {
        "type": [_SOURCE_SIGNATURE],
        "when": sealed_at.isoformat(timespec="milliseconds"),
        "who": {"type": "Device", "identifier": {"system": systems.SIGNING_KEY, "value": key.key_id}},
        "targetFormat": "application/fhir+json",
        "sigFormat": "application/jose",
        "data": base64.b64encode(token.encode()).decode(),
    }
    return b"%b,%b}" % (bundle.rstrip()[:-1], b'"signature":' + json.dumps(signature, separators=(",", ":")).encode())


def describe_bundle(bundle: Bundle, rules: Mapping[str, str]) -> Statement:
    """Return the manifest: the hash of the Bundle's own members, and of each entry under its fullUrl."""
    head = {name: value for name, value in bundle.items() if name not in ("entry", "signature")}
    entries = [{"fullUrl": entry["fullUrl"], "sha256": hash_value(entry["resource"])} for entry in bundle["entry"]]
    return {"head": hash_value(head), "entries": entries, "rules": dict(rules)}


def read_seal(bundle: Bundle) -> str | None:
    """Return the token of the seal, None where there is none; raises ValueError when it is no text."""
    data = bundle.get("signature", {}).get("data")
    return None if data is None else base64.b64decode(data, validate=True).decode()
