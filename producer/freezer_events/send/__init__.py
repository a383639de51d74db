"""From typed events to delivery reports: the producer and everything on its way to librdkafka."""
