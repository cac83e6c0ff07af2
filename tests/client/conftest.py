"""Two real nodes that federate, for tests in which the server, the network or Element is a party.

Their fence is off: it would refuse what an attack or Element's own verification sends, and here the client
has to hold alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from node.synapse.secret_files import registration_secret
from tests.client.person import HomeserverPair, People
from tests.client.session.homeserver import Homeserver
from tests.synapse_nodes import TestNetwork, running_nodes


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestNetwork]:
    regions = ("africa", "court")
    with running_nodes(tmp_path_factory.mktemp("pair"), regions, without_fence=regions) as nodes:
        yield nodes


@pytest.fixture(scope="session")
def pair(network: TestNetwork) -> HomeserverPair:
    africa, court = (
        Homeserver(node.url, node.server_name, registration_secret(node.folder))
        for node in (network["africa"], network["court"])
    )
    return HomeserverPair(africa, court)


@pytest.fixture
async def people(pair: HomeserverPair, tmp_path: Path) -> AsyncIterator[People]:
    """Makes people, each behind a proxy; at the end nothing that they wrote has gone out in clear."""
    async with AsyncExitStack() as stack:
        made = People(pair, tmp_path, stack)
        yield made
        made.assert_nothing_in_clear()
