"""`rogatory send` where the homeserver does not take the message."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from client.session.events import QueuedMessage
from node.cli.sessions import chosen_account, session_of
from node.home import open_home
from tests.network.conftest import Network

pytestmark = pytest.mark.synapse


def test_a_message_that_is_refused_is_told_at_the_prompt_and_leaves_nothing_behind(network: Network) -> None:
    """Too large: the command fails with what to do, nothing waits in the outbox, and the next one is sent."""
    focal_point = network.account("focal-point", "africa")
    room_id = network.report["request"]["room_id"]
    text = "Witness statement. " * 4000
    refused = network.rogatory.run("send", room_id, "-", "--as", focal_point, stdin=text, expect=1)
    assert f"A message to {room_id} was not sent." in refused.stderr
    assert "do:  Send it in parts." in refused.stderr
    assert network.rogatory.run("send", room_id, "A part of it", "--as", focal_point).stdout.startswith(
        "Sent"
    )
    home = open_home(network.rogatory.home, create=False)

    async def queued() -> Sequence[QueuedMessage]:
        async with session_of(home, chosen_account(home, focal_point)) as session:
            return await session.queued()

    assert asyncio.run(queued()) == []
