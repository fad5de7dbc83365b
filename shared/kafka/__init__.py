"""Kafka for every service: consumer loop, idempotent producer, topics."""
