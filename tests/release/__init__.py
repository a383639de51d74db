"""What a release is checked for (`make release-check`), and the reference that it publishes."""
