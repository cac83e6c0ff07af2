"""An account of the network with a few rooms, and the client on it."""

from __future__ import annotations

from datetime import UTC

import pytest

from client.ui.app import RogatoryApp
from tests.client.court import manifest
from tests.client.fake_session import FakeSession

BELGIUM = "@bel.focal-point.1:weog.rogatory.test"


@pytest.fixture
def session() -> FakeSession:
    """A focal point of Senegal in five rooms, the lobby active last."""
    session = FakeSession()
    session.add_room("!network", "Practitioners", children=["!general", "!africa"])
    session.add_room("!africa", "African Group", children=["!lobby", "!assets"])
    session.add_room("!general", "General")
    session.add_room("!assets", "Assets")
    session.add_room("!request", "Request 7KQ4XM")
    session.add_room("!lobby", "Lobby", topic="For all of the region")
    return session


@pytest.fixture
def app(session: FakeSession) -> RogatoryApp:
    """The client of that account, not running yet, its times in UTC."""
    return RogatoryApp(lambda: session, manifest(), session.user_id, zone=UTC)
