"""How tests that have the in-process cluster refuse requests keep its answers a broker's."""

from __future__ import annotations

from typing import Final

# With several requests under way, the in-process cluster takes those that overtook a refused one,
# and then the refused one for a duplicate. Brokers refuse the gap. One at a time leaves none.
ONE_AT_A_TIME: Final = {"max.in.flight.requests.per.connection": "1"}
