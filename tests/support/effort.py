"""How hard the property tests try: enough for every day, or for hours (`make test-long`).

Every day they try the same, so that what fails is what was changed; the long run tries anew.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

LONG: Final = os.environ.get("TEST_LONG") == "1"
_FACTOR: Final = 40 if LONG else 1


def thorough(examples: int, *unchecked: HealthCheck) -> settings:
    """Return the settings of a property test that tries this many examples, 40 times as many long.

    Args:
        examples: how many in `make test`.
        unchecked: health checks that a strategy is known to fail.

    """
    return settings(
        max_examples=examples * _FACTOR,
        deadline=None,
        derandomize=not LONG,
        suppress_health_check=[HealthCheck.too_slow, *unchecked],
    )
