"""Which failures pass by themselves, so that a loop tries again, and which will be the same next time."""

import aiokafka.errors
import asyncpg

from shared.contracts.errors import ChartlineError

TRANSIENT_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.InsufficientResourcesError,
    aiokafka.errors.KafkaConnectionError,
)


def is_transient(error: BaseException) -> bool:
    """True when trying again later may work: the database or the broker is away, or a lock was contended."""
    if isinstance(error, ChartlineError):
        return error.retryable
    if isinstance(error, aiokafka.errors.KafkaError):
        return bool(error.retriable) or isinstance(error, aiokafka.errors.KafkaConnectionError)
    return isinstance(error, TRANSIENT_ERRORS)
