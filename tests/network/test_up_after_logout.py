"""`rogatory up` after an account that it made was logged out here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.network.conftest import Network, processes_of
from tests.network.rogatory import Rogatory

pytestmark = pytest.mark.synapse
SMALL = ("up", "--regions", "africa")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Network]:
    rogatory = Rogatory(tmp_path / "home")
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


def who(network: Network) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = network.rogatory.json("who", "SEN", "--as", network.court)["focal_points"]
    return found
