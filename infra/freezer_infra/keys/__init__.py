"""API keys: whether the producer's are good, and the .env that they are written to."""
