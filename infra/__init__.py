"""Provisioning: topics on any cluster, and a Kafka with its registry on this machine."""
