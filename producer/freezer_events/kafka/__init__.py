"""One conversation with a Kafka cluster: connection, error codes, topics, the in-process broker."""
