"""What holds for every test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A slow machine is no failure: no test asserts a time, and neither does Hypothesis.
settings.register_profile("rogatory", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rogatory")
