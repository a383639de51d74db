"""Settings: read, checked, redacted."""

from producer.config.secrets import property_options
from producer.config.settings import Setting, Settings

__all__ = ["Setting", "Settings", "property_options"]
