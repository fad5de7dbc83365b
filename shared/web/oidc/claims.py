"""Reads a Principal out of checked claims.

Pure. Invariant: what the claims do not say is not granted; a name that is no role of ours says nothing.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from shared.contracts.errors import Unauthenticated
from shared.web.oidc.settings import OidcSettings
from shared.web.security import EVERYWHERE, Principal, Role

_PRACTITIONER = re.compile(r"^Practitioner/[A-Za-z0-9.-]{1,64}$")


def read_principal(claims: Mapping[str, Any], settings: OidcSettings) -> Principal:
    """Return who the claims are about; raises Unauthenticated when they name no Practitioner."""
    names = settings.claims
    subject = str(claims["sub"])
    practitioner = _find(claims, names.practitioner) or f"Practitioner/{subject}"
    if not isinstance(practitioner, str) or not _PRACTITIONER.match(practitioner):
        raise Unauthenticated("the token names no practitioner; have the identity provider add the claim")
    absent = frozenset({EVERYWHERE} if settings.unlimited else ())
    return Principal(
        subject=subject,
        practitioner=practitioner,
        roles=_read_roles(_list(_find(claims, names.roles)), settings.role_names),
        facilities=_scope(_find(claims, names.facilities), absent),
        lists=_scope(_find(claims, names.lists), absent),
        clearances=frozenset(_list(_find(claims, names.clearances))),
        own_records=frozenset(_list(_find(claims, names.own_records))),
    )


def _read_roles(names: Iterable[str], known: Mapping[str, Role]) -> frozenset[Role]:
    ours = {role.value: role for role in Role}
    roles = (known.get(name) or ours.get(name) for name in names)
    return frozenset(role for role in roles if role)


def _scope(found: object, absent: frozenset[str]) -> frozenset[str]:
    return absent if found is None else frozenset(_list(found))


def _find(claims: object, path: str) -> object:
    """Follow a dotted path; a claim whose own name has dots is found too."""
    if isinstance(claims, Mapping) and path in claims:
        return claims[path]
    first, _, rest = path.partition(".")
    inner = claims.get(first) if isinstance(claims, Mapping) else None
    return _find(inner, rest) if rest and inner is not None else None


def _list(found: object) -> list[str]:
    """Read a list of names, or names in one string parted by spaces."""
    if isinstance(found, str):
        return found.split()
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
