"""Offline governance of schemas: catalogue, compare, lock, golden files, code generation."""
