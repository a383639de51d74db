"""Doctor: every precondition between `.env` and a delivered event, each with verdict and fix."""

from producer.doctor.diagnosis import Target, diagnose, exit_code
from producer.doctor.steps import Check, Verdict

__all__ = ["Check", "Target", "Verdict", "diagnose", "exit_code"]
