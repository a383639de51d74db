"""Provisioning: topics, access and a local stack. Never imported by the product."""
