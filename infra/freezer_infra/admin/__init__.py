"""Provisioning through Kafka's Admin API."""
