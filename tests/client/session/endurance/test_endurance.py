from __future__ import annotations

from pathlib import Path

import pytest

from tests.client.session.endurance.pair import AWAY
from tests.client.session.endurance.run import endure


@pytest.mark.synapse
async def test_killed_and_restarted_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    """12 kills of sessions and one of a node later, 150 messages are with both, in order, once, readable."""
    report = await endure(tmp_path, kills=12, messages=150, outages=[AWAY], outage_seconds=2.0)
    assert report.kills == 12
