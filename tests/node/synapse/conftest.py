"""Three real nodes for this folder: court and africa keep the rules, weog has switched them off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.synapse_nodes import HttpClient, TestNetwork, running_nodes

HONEST = ("court", "africa")
HOSTILE = "weog"


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestNetwork]:
    with running_nodes(
        tmp_path_factory.mktemp("nodes"), [*HONEST, HOSTILE], without_fence=[HOSTILE]
    ) as nodes:
        yield nodes


@pytest.fixture(scope="session")
def people(network: TestNetwork) -> dict[str, HttpClient]:
    """One ordinary account on each node, by region."""
    return {region: node.register("person") for region, node in network.nodes.items()}


@pytest.fixture(scope="session")
def operators(network: TestNetwork) -> dict[str, HttpClient]:
    """One administrator on each node, by region."""
    return {region: node.register("operator", admin=True) for region, node in network.nodes.items()}
