"""Doctor: every precondition between `.env` and a delivered event, each with verdict and fix."""

from freezer_events.doctor.diagnosis import Destination, diagnose, exit_code
from freezer_events.doctor.verdicts import Check, Verdict

__all__ = ["Check", "Destination", "Verdict", "diagnose", "exit_code"]
