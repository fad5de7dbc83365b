"""Prometheus metrics. Labels are topics, states and reason codes: never an id, never content."""

from collections.abc import Sequence

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def counter(name: str, documentation: str, labels: Sequence[str] = ()) -> Counter:
    """A count that only grows; `name` ends in `_total`."""
    return Counter(name, documentation, labels)


def gauge(name: str, documentation: str, labels: Sequence[str] = ()) -> Gauge:
    """A value that goes up and down."""
    return Gauge(name, documentation, labels)


def histogram(name: str, documentation: str, labels: Sequence[str] = ()) -> Histogram:
    """Durations in seconds; `name` ends in `_seconds`."""
    return Histogram(name, documentation, labels, buckets=SECONDS)
