"""Doctor: every precondition between `.env` and a delivered event, each with verdict and fix."""

from freezer_events.doctor.diagnosis import Target, diagnose, exit_code
from freezer_events.doctor.steps import Check, Verdict

__all__ = ["Check", "Target", "Verdict", "diagnose", "exit_code"]
