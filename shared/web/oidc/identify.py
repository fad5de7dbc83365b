"""Who a bearer token belongs to: a service's token by its hash, or a token of the identity provider."""

from collections.abc import Awaitable, Callable

from shared.contracts.errors import Unauthenticated
from shared.web.oidc.claims import read_principal
from shared.web.oidc.provider import Provider
from shared.web.oidc.tokens import check_access_token
from shared.web.security import BearerTokens, Principal

Identify = Callable[[str], Awaitable[Principal]]


def make_identify(tokens: BearerTokens, provider: Provider | None) -> Identify:
    """Make what turns a bearer token into a Principal; it raises Unauthenticated, or Unavailable without its keys."""

    async def identify(token: str) -> Principal:
        try:
            return tokens.identify(token)
        except Unauthenticated:
            if provider is None or token.count(".") != 2:
                raise
        return read_principal(await check_access_token(provider, token), provider.settings)

    return identify
