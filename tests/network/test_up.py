"""`rogatory up` brings the whole network up, and finds it again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.network.conftest import Network
from tests.network.rogatory import eventually

pytestmark = pytest.mark.synapse

REGIONS = ["court", "africa", "asia-pacific", "eastern-europe", "grulac", "weog"]
VERIFIER = Path(__file__).parents[1] / "policies" / "verify_with_pynacl_alone.py"


def request_as_read_by_the_focal_point(network: Network) -> dict[str, Any]:
    request = network.report["request"]
    focal_point = network.account("focal-point", "africa")
    timeline = network.rogatory.json("rooms", "--as", focal_point)
    assert request["room_id"] in {room["room_id"] for room in timeline["rooms"]}
    seen = network.rogatory.listen(focal_point, lambda event: event["event_id"] == request["event_id"])
    return seen[-1]


@pytest.fixture(scope="module")
def received(network: Network) -> dict[str, Any]:
    return request_as_read_by_the_focal_point(network)


def test_six_nodes_are_healthy_and_known_by_name(network: Network) -> None:
    """`up --json` names six healthy nodes by their server names, and every function account."""
    nodes = network.report["nodes"]
    assert list(nodes) == REGIONS
    assert all(node["healthy"] for node in nodes.values())
    assert {node["server_name"] for node in nodes.values()} == {
        f"{region}.rogatory.test" for region in REGIONS
    }
    roles = [account["role"] for account in network.report["accounts"]]
    assert {role: roles.count(role) for role in set(roles)} == {
        "focal-point": 5,
        "moderator": 5,
        "steward": 6,
        "operator": 6,
        "court": 1,
    }


def test_the_focal_point_of_another_region_decrypts_the_request(
    network: Network, received: dict[str, Any]
) -> None:
    """The addressee's own session, on another node than the Court's, decrypts the request of `up`."""
    assert received["room_id"] == network.report["request"]["room_id"]
    assert received["sender"] == network.court
    assert received["type"] == "m.room.message"
    assert received["content"]["org.rogatory.request"]["id"] == network.report["request"]["id"]
    assert received["content"]["org.rogatory.request"]["common"]["requested_state"] == "SEN"
    assert received["body"] == received["content"]["body"]
    assert (received["trust"], received["reason"]) == ("attested", None)


def verdict_of_an_outsider(
    network: Network, received: dict[str, Any], content: object, tmp_path: Path
) -> int:
    (tmp_path / "content.json").write_text(json.dumps(content))
    home = network.rogatory.home
    command = [
        sys.executable,
        str(VERIFIER),
        str(tmp_path / "content.json"),
        received["room_id"],
        str(home / "network" / "manifest.json"),
        (home / "network" / "root.pub").read_text().strip(),
    ]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_an_outsider_verifies_the_request(network: Network, received: dict[str, Any], tmp_path: Path) -> None:
    """A program that knows only the wire format and the root's public key finds that the signature holds."""
    assert verdict_of_an_outsider(network, received, received["content"], tmp_path) == 0


@pytest.mark.parametrize("altered", ["body", "fields", "room"])
def test_an_outsider_finds_an_altered_request_out(
    network: Network, received: dict[str, Any], tmp_path: Path, altered: str
) -> None:
    """With one character of the body, of the fields or of the room id changed, the signature fails."""
    content = json.loads(json.dumps(received["content"]))
    request = content["org.rogatory.request"]
    if altered == "body":
        content["body"] = content["body"][:-1] + ("x" if content["body"][-1] != "x" else "y")
    elif altered == "fields":
        name = next(key for key, value in request["fields"].items() if isinstance(value, str))
        request["fields"][name] += "x"
    else:
        received = {**received, "room_id": received["room_id"][:-1] + "_"}
    assert verdict_of_an_outsider(network, received, content, tmp_path) == 1


def count(network: Network, region: str, table: str) -> int:
    """Count the rows of a table in a node's database, which nothing but Synapse writes."""
    path = network.rogatory.home / "nodes" / region / "homeserver.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 # names of ours


def counts(network: Network) -> dict[str, dict[str, int]]:
    """Count rooms, users, devices and events of each node."""
    tables = ("rooms", "users", "devices", "events")
    return {region: {table: count(network, region, table) for table in tables} for region in REGIONS}


def test_a_second_up_changes_nothing(network: Network) -> None:
    """`up` again creates no room, no account, no device and no event, and names the same request."""
    before = counts(network)
    again = network.rogatory.run("up")
    assert counts(network) == before
    assert "nothing to change" in (again.stdout + again.stderr).lower()
    report = network.rogatory.json("up")
    assert {name: report[name] for name in ("rooms", "request", "accounts")} == {
        name: network.report[name] for name in ("rooms", "request", "accounts")
    }


def test_a_killed_node_is_named_and_healed(network: Network) -> None:
    """`status` names a node killed from outside; `up` heals it; what was sent meanwhile arrives there."""
    rogatory = network.rogatory
    victim = rogatory.json("status")["nodes"]["africa"]
    os.kill(victim["pid"], signal.SIGKILL)
    eventually(lambda: not rogatory.json("status")["nodes"]["africa"]["healthy"], "africa is down")
    status = rogatory.json("status")
    assert [region for region, node in status["nodes"].items() if not node["healthy"]] == ["africa"]
    assert "signal 9" in status["nodes"]["africa"]["detail"]

    sent = rogatory.json(
        "send", network.report["request"]["room_id"], "sent while you were away", "--as", network.court
    )
    rogatory.run("up")
    assert rogatory.json("status")["nodes"]["africa"]["healthy"]
    focal_point = network.account("focal-point", "africa")
    seen = rogatory.listen(focal_point, lambda event: event["event_id"] == sent["event_id"])
    assert seen[-1]["body"] == "sent while you were away"


def test_everything_in_the_home_is_private(network: Network) -> None:
    """Every folder of the home is 0700 and every file 0600: other users of the machine read nothing."""
    open_to_others = [
        path
        for path in network.rogatory.home.rglob("*")
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert open_to_others == []


def test_no_secret_stands_in_a_command_line(network: Network) -> None:
    """No process's command line carries a password or a key of the home."""
    import psutil

    passwords = [path.read_text().strip() for path in network.rogatory.home.rglob("password")]
    assert passwords
    secrets = [
        *passwords,
        *(
            p.read_text().split()[-1]
            for p in network.rogatory.home.rglob("*.key")
            if p.is_file()
            and p.suffix == ".key"
            and p.name != "tls.key"
            and p.name != "ca.key"
            and b"\0" not in p.read_bytes()[:64]
            and p.read_bytes().isascii()
        ),
    ]
    lines = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in lines for secret in secrets if secret and secret in line]
