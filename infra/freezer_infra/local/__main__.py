"""`python -m freezer_infra.local up|down`: the local stack from the command line."""

from __future__ import annotations

import argparse
import sys

from freezer_events.errors import FreezerError
from freezer_infra.local import stack


def main() -> int:
    """Start or stop the local stack; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m freezer_infra.local", description=stack.__doc__
    )
    parser.add_argument("action", choices=("up", "down"))
    action = stack.up if parser.parse_args().action == "up" else stack.down
    try:
        action(_say)
    except FreezerError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()  # each line is for somebody who waits


if __name__ == "__main__":
    sys.exit(main())
