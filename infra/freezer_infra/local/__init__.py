"""Kafka and a Schema Registry in containers on this machine: `stack.up`, `stack.down`, `Stack`."""
