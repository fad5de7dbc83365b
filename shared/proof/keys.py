"""Ed25519 keys: a private one in a PEM file, public ones as a JWK Set (RFC 7517, 8037), named by thumbprint (RFC 7638).

Invariant: a private key is never printed, logged or put into an error; a file that others may read is refused.
"""

import base64
import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import rfc8785
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from shared.contracts.errors import ChartlineError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_BEYOND_GROUP = stat.S_IWGRP | stat.S_IXGRP | stat.S_IRWXO


class KeyUnusable(ChartlineError):
    """A key file is missing, unreadable or no Ed25519 key."""

    code = "key-unusable"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the name under which verifiers know its public half."""

    key_id: str
    private: Ed25519PrivateKey

    @property
    def public(self) -> Ed25519PublicKey:
        """The public half."""
        return self.private.public_key()


PublicKeys = Mapping[str, Ed25519PublicKey]
"""Public keys by key id."""


def generate_signing_key() -> SigningKey:
    """Make a new key."""
    return _name(Ed25519PrivateKey.generate())


def write_signing_key(key: SigningKey, path: Path) -> None:
    """Write the private key as PKCS#8 PEM that only its owner can read; raises KeyUnusable when the file exists."""
    content = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except FileExistsError:
        raise KeyUnusable(f"{path} exists; a key is never overwritten, choose another name") from None


def is_open_to_others(found: os.stat_result) -> bool:
    """Whether a key's file lets others in. One that root gives to a group, as orchestrators mount secrets, does not.

    The rule is libpq's for client keys (PostgreSQL manual, 32.19.3): 0600, or 0640 where root owns the file.
    """
    return bool(found.st_mode & (_BEYOND_GROUP if found.st_uid == 0 else _OTHERS))


def read_signing_key(path: Path) -> SigningKey:
    """Read a private key; raises KeyUnusable."""
    try:
        content, found = path.read_bytes(), path.stat()
    except OSError as error:
        raise KeyUnusable(
            f"{path} cannot be read ({type(error).__name__}); make one with `chartline keys new`"
        ) from None
    if is_open_to_others(found):
        raise KeyUnusable(f"{path} is open to other users; chmod 600 it")
    try:
        private = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyUnusable(f"{path} is no unencrypted PEM private key") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyUnusable(f"{path} is no Ed25519 key")
    return _name(private)


def to_key_set(*keys: SigningKey) -> str:
    """Return the public halves as the JSON of a JWK Set."""
    jwks = [{**_to_jwk(key.public), "kid": key.key_id, "use": "sig", "alg": "EdDSA"} for key in keys]
    return json.dumps({"keys": jwks}, indent=2)


def read_key_set(text: str) -> dict[str, Ed25519PublicKey]:
    """Read the Ed25519 keys of a JWK Set by key id; raises KeyUnusable. An id that is not the thumbprint is refused."""
    try:
        jwks = [jwk for jwk in json.loads(text)["keys"] if (jwk.get("kty"), jwk.get("crv")) == ("OKP", "Ed25519")]
        public = [Ed25519PublicKey.from_public_bytes(_decode(jwk["x"])) for jwk in jwks]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyUnusable("this is no JWK Set (RFC 7517) with Ed25519 keys (RFC 8037)") from None
    named = {_thumbprint(key): key for key in public}
    if not named:
        raise KeyUnusable("the JWK Set holds no Ed25519 key")
    if any(jwk.get("kid", name) != name for jwk, name in zip(jwks, map(_thumbprint, public), strict=True)):
        raise KeyUnusable("a key of the JWK Set is not named by its thumbprint (RFC 7638)")
    return named


def _name(private: Ed25519PrivateKey) -> SigningKey:
    return SigningKey(_thumbprint(private.public_key()), private)


def _thumbprint(key: Ed25519PublicKey) -> str:
    return _encode(hashlib.sha256(rfc8785.dumps(_to_jwk(key))).digest())


def _to_jwk(key: Ed25519PublicKey) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": _encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
