"""Settings: read, checked, redacted."""

from freezer_events.config.secrets import property_options
from freezer_events.config.settings import Setting, Settings

__all__ = ["Setting", "Settings", "property_options"]
