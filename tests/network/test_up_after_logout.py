"""`rogatory up` after an account that it made was logged out here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.network.conftest import Network, processes_of
from tests.node.cli.desks import desk_with_keyring

pytestmark = pytest.mark.synapse
SMALL = ("up", "--regions", "africa")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Network]:
    rogatory = desk_with_keyring(tmp_path)
    try:
        yield Network(rogatory, rogatory.json(*SMALL))
    finally:
        rogatory.run("down")
        assert processes_of(rogatory.home) == []


def test_up_goes_on_and_says_how_to_recover(small: Network, tmp_path: Path) -> None:
    """A focal point logged out stays attested; `up` logs in anew and says what to type until it is done."""
    rogatory, focal_point = small.rogatory, small.account("focal-point", "africa")
    key_file = tmp_path / "recovery.key"
    key_file.write_text(rogatory.json("recover", "--setup", "--as", focal_point)["recovery_key"])
    attested = who(small)
    rogatory.run("logout", "--as", focal_point)

    for _ in range(2):
        done = rogatory.run(*SMALL)
        assert f"rogatory recover --key-file FILE --as {focal_point}" in done.stderr
        assert "The network stands" in done.stdout
    assert rogatory.json(*SMALL) == small.report
    assert who(small) == attested
    assert rogatory.json("recover", "--status", "--as", focal_point)["recovery"] == "locked"

    rogatory.run("recover", "--key-file", str(key_file), "--as", focal_point)
    done = rogatory.run(*SMALL)
    assert "recover" not in done.stderr
    [mended] = who(small)
    assert (mended["user_id"], mended["answers"]) == (focal_point, True)
    sent = rogatory.json("send", small.report["request"]["room_id"], "after all that", "--as", small.court)
    seen = rogatory.listen(focal_point, lambda event: event["event_id"] == sent["event_id"])
    assert (seen[-1]["body"], seen[-1]["trust"]) == ("after all that", "attested")


def test_up_takes_the_device_that_a_person_has_logged_in_meanwhile(small: Network) -> None:
    """Logged out and in again by hand, an account is not logged in a second time; `up` goes on."""
    rogatory, focal_point = small.rogatory, small.account("focal-point", "africa")
    [account] = [each for each in small.report["accounts"] if each["user_id"] == focal_point]
    rogatory.run("recover", "--setup", "--as", focal_point)
    rogatory.run("logout", "--as", focal_point)
    url, password = small.report["nodes"]["africa"]["url"], Path(account["password_file"]).read_text()
    by_hand = json.loads(
        rogatory.run("login", focal_point, "--homeserver", url, "--json", stdin=password).stdout
    )
    assert "recover --key-file FILE" in rogatory.run(*SMALL).stderr
    devices = rogatory.json("devices", "--as", focal_point)["devices"]
    assert [device["device_id"] for device in devices] == [by_hand["device_id"]]


def who(network: Network) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = network.rogatory.json("who", "SEN", "--as", network.court)["focal_points"]
    return found
