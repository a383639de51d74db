"""`python -m tests.stack`: have the local stack run, whatever that takes on this machine."""

from __future__ import annotations

import os
import sys

from freezer_events.errors import EventError
from tests import stack


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()  # each line is for somebody who waits


def main() -> int:
    """Start it, unless the tests are pointed at a cluster that runs already."""
    if "KAFKA_BOOTSTRAP" in os.environ:
        return 0
    try:
        stack.up(_say)
    except EventError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
