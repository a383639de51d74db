"""Avro values and bytes, without any network: schemas, names, events to bodies and back."""
