"""Who runs it asks here: metrics for Prometheus, health for a supervisor, logs for machines."""
