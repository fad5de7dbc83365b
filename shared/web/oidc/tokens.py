"""Checks what the provider signed: signature, algorithm, issuer, audience, times.

Invariant: an algorithm that the settings do not list is refused before any key is looked up, and a key is used only for
its own algorithm; every refusal reads the same, so that a stranger learns nothing from it.
"""

import hmac
from collections.abc import Mapping
from typing import Any

import jwt

from shared.contracts.errors import Unauthenticated
from shared.web.oidc.provider import Provider

Claims = Mapping[str, Any]
"""The claims of a token that was checked. Any: what JSON has."""

_REQUIRED = ["exp", "iat", "iss", "aud", "sub"]
_REFUSAL = "the token is not valid here: sign in again, or ask for a new token"


async def check_access_token(provider: Provider, token: str) -> Claims:
    """Check a bearer token for the API; raises Unauthenticated, or Unavailable when the keys cannot be had."""
    return await _check(provider, token, provider.settings.audience)


async def check_id_token(provider: Provider, token: str, *, nonce: str) -> Claims:
    """Check the token that a sign-in brought; it must answer to `nonce` and be for us alone."""
    client_id = provider.settings.client_id
    claims = await _check(provider, token, client_id)
    if not hmac.compare_digest(str(claims.get("nonce", "")), nonce):
        raise Unauthenticated(_REFUSAL)
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise Unauthenticated(_REFUSAL)
    return claims


async def _check(provider: Provider, token: str, audience: str) -> Claims:
    settings = provider.settings
    try:
        header = jwt.get_unverified_header(token)
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in settings.algorithms or not isinstance(key_id, str):
            raise Unauthenticated(_REFUSAL)
        key = await provider.find_key(key_id)
        if not _fits(key, algorithm):
            raise Unauthenticated(_REFUSAL)
        return jwt.decode(
            token,
            key.key,
            algorithms=[algorithm],
            audience=audience,
            issuer=settings.issuer,
            leeway=settings.leeway_seconds,
            options={"require": _REQUIRED},
        )
    except jwt.PyJWTError as error:
        raise Unauthenticated(_REFUSAL) from error


def _fits(key: jwt.PyJWK, algorithm: str) -> bool:
    """Whether the key is one of this algorithm; RSA keys of both paddings and all lengths are alike."""
    return key.algorithm_name == algorithm or (key.key_type == "RSA" and algorithm.startswith(("RS", "PS")))
