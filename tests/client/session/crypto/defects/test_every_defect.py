"""The table as a whole."""

from __future__ import annotations

from tests.client.session.crypto.defects import (
    test_hostile_messages,
    test_keys_of_others,
    test_one_time_keys,
    test_sending,
    test_sync_token,
    test_verification,
    test_what_an_event_proves,
)

GROUPS = (
    test_verification,
    test_hostile_messages,
    test_keys_of_others,
    test_one_time_keys,
    test_sending,
    test_what_an_event_proves,
    test_sync_token,
)


def test_every_known_defect_has_a_case() -> None:
    """D1 to D22, each at least once, and each case with an outcome on nio that is not ours."""
    cases = [case for group in GROUPS for case in group.CASES]
    assert {case.defect for case in cases} == {f"D{number}" for number in range(1, 23)}
    assert all(case.bad != case.good for case in cases)
