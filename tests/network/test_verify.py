"""`rogatory verify` on the network that `up` made, beside the processes that hold the two sessions."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.network.conftest import Network
from tests.network.rogatory import ROGATORY, lines_of
from tests.network.terminal import Terminal

pytestmark = pytest.mark.synapse


@contextmanager
def verifying(network: Network, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `verify --json`, with an input to answer on."""
    with subprocess.Popen(
        [ROGATORY, "verify", *arguments, "--json"],
        env=network.rogatory.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def next_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return the next value that the process prints."""
    value: dict[str, Any] = json.loads(next(lines_of(process)))
    return value


def answer(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


@pytest.fixture
def sides(
    network: Network,
) -> Iterator[tuple[str, subprocess.Popen[str], subprocess.Popen[str]]]:
    """A focal point whose `chat` is open asks the Court, whose bridge runs; both see the emoji."""
    focal_point = network.account("focal-point", "africa")
    with Terminal([ROGATORY, "chat", "--as", focal_point], network.rogatory.environment) as chat:
        chat.wait_for("live", "Assets (African States)")
        with verifying(network, "--wait", focal_point, "--as", network.court) as asked:
            assert asked.stderr is not None
            assert "Waiting" in asked.stderr.readline()
            with verifying(network, network.court, "--as", focal_point) as asks:
                ours = next_of(asks)
                assert ours["emoji"] == next_of(asked)["emoji"]
                assert len(ours["emoji"]) == 7
                yield focal_point, asks, asked


def test_both_sides_verify_beside_the_holders_of_their_sessions(
    network: Network, sides: tuple[str, subprocess.Popen[str], subprocess.Popen[str]]
) -> None:
    """Beside an open `chat` and the bridge both sides see the same emoji, say `y`, and are verified."""
    focal_point, asks, asked = sides
    second = network.rogatory.run("verify", network.court, "--as", focal_point, expect=1)
    assert "is under way already" in second.stderr
    for side in (asks, asked):
        answer(side, "y")
    assert next_of(asks) == {"user_id": network.court, "verified": True, "published": True}
    assert next_of(asked) == {"user_id": focal_point, "verified": True, "published": True}
    assert (asks.wait(30), asked.wait(30)) == (0, 0)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_asker_that_is_ended_ends_it_on_the_other_side(
    sides: tuple[str, subprocess.Popen[str], subprocess.Popen[str]], how: signal.Signals
) -> None:
    """kill -9 and Ctrl-C of the asking process: the other side is told, and its command fails."""
    focal_point, asks, asked = sides
    asks.send_signal(how)
    outcome = next_of(asked)
    assert (outcome["user_id"], outcome["verified"], outcome["code"]) == (focal_point, False, "m.user")
    assert asked.wait(30) == 1


def test_without_another_holder_ctrl_c_tells_the_other_side_too(network: Network) -> None:
    """The asking process holds the session itself: interrupted, it says so before it ends."""
    focal_point = network.account("focal-point", "africa")
    with verifying(network, "--wait", focal_point, "--as", network.court) as asked:
        assert asked.stderr is not None
        assert "Waiting" in asked.stderr.readline()
        with verifying(network, network.court, "--as", focal_point) as asks:
            assert next_of(asks)["emoji"] == next_of(asked)["emoji"]
            asks.send_signal(signal.SIGINT)
            assert asks.wait(30) == 130
        assert next_of(asked)["code"] == "m.user"


def test_recovery_is_set_up_and_used_beside_an_open_client(network: Network) -> None:
    """`recover --setup`, `--status` and `--key-file` go through the process that holds the session."""
    moderator = network.account("moderator", "africa")
    rogatory = network.rogatory
    with Terminal([ROGATORY, "chat", "--as", moderator], rogatory.environment) as chat:
        chat.wait_for("live")
        key = rogatory.json("recover", "--setup", "--as", moderator)["recovery_key"]
        assert rogatory.json("recover", "--status", "--as", moderator)["recovery"] == "unlocked"
        state = json.loads(
            rogatory.run("recover", "--key-file", "-", "--json", "--as", moderator, stdin=f"{key}\n").stdout
        )
        assert state["signed"] is True
        wrong = rogatory.run("recover", "--key-file", "-", "--as", moderator, stdin="EsTc\n", expect=3)
        assert "do:" in wrong.stderr
