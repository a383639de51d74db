"""Schema Registry: its client, how a subject stands to the schemas here, the serializer."""
