"""What every librdkafka client here shares: a quiet logger, and waits that look at signals."""

from __future__ import annotations

import logging
from typing import Final

SLICE_S: Final = 0.1  # the longest that a wait goes without looking at signals

# While a broker is down librdkafka logs every 50 ms; what matters comes out of our errors.
logger: Final = logging.getLogger("freezer.kafka")
logger.addHandler(logging.NullHandler())
logger.propagate = False
