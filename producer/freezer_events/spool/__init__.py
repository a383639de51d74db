"""The durable queue on disk: what it holds survives an outage, a crash and a power cut."""
