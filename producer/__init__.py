"""A schema-governed event producer."""
