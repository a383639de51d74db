"""From messages back to typed events."""
