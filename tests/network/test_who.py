"""Attestations on the network that `up` made: the directory, and the people in it."""

from __future__ import annotations

import pytest

from tests.network.conftest import Network
from tests.network.rogatory import ROGATORY
from tests.network.terminal import Terminal

pytestmark = pytest.mark.synapse

READER = ("africa", "grulac")


@pytest.mark.parametrize("region", READER)
def test_a_focal_point_finds_who_is_competent(network: Network, region: str) -> None:
    """`who SEN assets` names Senegal's focal point, who attests it and until when, in either region."""
    reader = network.account("focal-point", region)
    found = network.rogatory.json("who", "SEN", "assets", "--as", reader)
    assert (found["state"], found["theme"]) == ("SEN", "assets")
    (focal_point,) = found["focal_points"]
    assert focal_point["user_id"] == network.account("focal-point", "africa")
    assert (focal_point["authority"], focal_point["answers"]) == ("africa", True)
    assert "assets" in focal_point["themes"]
    said = network.rogatory.run("who", "Senegal", "P4", "--as", reader).stdout
    assert focal_point["user_id"] in said
    assert f"attested by African States until {focal_point['valid_until'][:10]}" in said


def test_the_court_finds_every_focal_point(network: Network) -> None:
    """The Court's bot finds the focal points of all five regions, and nobody for a State without one."""
    for state in ("SEN", "KOR", "GEO", "CRI", "BEL"):
        assert len(network.rogatory.json("who", state, "--as", network.court)["focal_points"]) == 1
    nobody = network.rogatory.run("who", "MLI", "--as", network.court)
    assert nobody.stdout == ""
    assert "No focal point of Mali" in nobody.stderr


def test_an_unknown_state_or_theme_names_the_nearest(network: Network) -> None:
    """A misspelt State or theme is wrong usage, and the nearest is named."""
    rogatory, court = network.rogatory, network.court
    assert "Senegal" in rogatory.run("who", "Senegall", "--as", court, expect=2).stderr
    assert "assets" in rogatory.run("who", "SEN", "asset", "--as", court, expect=2).stderr


def test_the_client_says_who_the_court_is(network: Network) -> None:
    """In the terminal client the request stands under the attested organ of the Court."""
    focal_point = network.account("focal-point", "africa")
    with Terminal([ROGATORY, "chat", "--as", focal_point], network.rogatory.environment) as terminal:
        terminal.wait_for("REQUEST OF THE INTERNATIONAL CRIMINAL COURT", "attested: organ of the Court")
