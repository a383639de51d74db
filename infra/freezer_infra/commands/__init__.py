"""What people type about provisioning: topics, and where they are."""
