"""The connection arguments that every client of the library takes."""

import ssl
from typing import Any

from aiokafka.helpers import create_ssl_context

from shared.kafka.settings import KafkaSettings


def connection_arguments(settings: KafkaSettings) -> dict[str, Any]:
    """Turn settings into the keyword arguments that consumer, producer and admin client share."""
    password = settings.sasl_password
    return {
        "bootstrap_servers": settings.bootstrap_servers,
        "security_protocol": settings.security_protocol,
        "sasl_mechanism": settings.sasl_mechanism if settings.security_protocol.startswith("SASL") else "PLAIN",
        "sasl_plain_username": settings.sasl_username,
        "sasl_plain_password": password.get_secret_value() if password else None,
        "ssl_context": _ssl_context(settings),
    }


def _ssl_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    if not settings.security_protocol.endswith("SSL"):
        return None
    context: ssl.SSLContext = create_ssl_context(
        cafile=settings.ssl_cafile, certfile=settings.ssl_certfile, keyfile=settings.ssl_keyfile
    )
    return context
