"""Fixtures of the verbs' tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client.session.homeserver import Homeserver, running_synapse


@pytest.fixture(scope="session")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("synapse")) as server:
        yield server
