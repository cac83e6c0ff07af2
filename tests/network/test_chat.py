"""`rogatory chat` in a terminal, on the network that `up` made."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.network.conftest import Network
from tests.network.rogatory import ROGATORY, lines_of
from tests.network.terminal import Terminal

pytestmark = pytest.mark.synapse

CTRL_K, CTRL_Q = "\x0b", "\x11"
F2 = "\x1bOQ"


def open_request(terminal: Terminal, network: Network) -> None:
    """Go to the room of the request that `up` has issued: other tests on this network issue others."""
    request_id = network.report["request"]["id"]
    terminal.wait_for("Assets (African States)", "live")
    terminal.type(CTRL_K)
    terminal.wait_for("Part of a room's name")
    terminal.type(request_id)
    terminal.type("\r")
    terminal.wait_for(f"● Request {request_id}", f"INTERNATIONAL CRIMINAL COURT {request_id}")


def test_the_focal_point_reads_the_request_and_answers_the_court(network: Network) -> None:
    """The client shows rooms and the request, its signature holds; what is typed there reaches the Court."""
    rogatory = network.rogatory
    focal_point = network.account("focal-point", "africa")
    typed = "Received in Dakar, thank you"
    with Terminal([ROGATORY, "chat", "--as", focal_point], rogatory.environment) as terminal:
        open_request(terminal, network)
        terminal.wait_for("Signature holds: Office of the Prosecutor (OTP)")
        terminal.type(f"{typed}\r")
        screen = terminal.wait_for(f"  {typed}")
        assert network.report["request"]["id"] in screen
        with rogatory.running("listen", "--as", network.court, "--json") as listening:
            read: dict[str, Any] = next(
                event
                for event in map(json.loads, lines_of(listening))
                if event["sender"] == focal_point and event["body"] == typed
            )
        assert read["room_id"] == network.report["request"]["room_id"]
        terminal.type(CTRL_Q)
        assert terminal.wait_ended() == 0


def test_a_second_process_of_the_same_account_goes_through_the_first(network: Network) -> None:
    """While the client is open, `send --as` the same account is done by it, and shows on its screen."""
    focal_point = network.account("focal-point", "africa")
    with Terminal([ROGATORY, "chat", "--as", focal_point], network.rogatory.environment) as terminal:
        open_request(terminal, network)
        network.rogatory.run(
            "send", network.report["request"]["room_id"], "typed elsewhere", "--as", focal_point
        )
        terminal.wait_for("typed elsewhere")
