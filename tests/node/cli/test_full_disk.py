"""A full disk: files that may not grow, while sending and while syncing, on a real homeserver."""

from __future__ import annotations

import json
import resource
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.client.session.homeserver import Homeserver
from tests.network.rogatory import ROGATORY, Rogatory
from tests.node.cli.desks import desk_with_keyring, logged_in, room_of

pytestmark = pytest.mark.synapse


def with_little_room(desk: Rogatory, largest: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a verb in a process none of whose files may grow beyond so many bytes."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    return subprocess.run(
        [ROGATORY, *arguments],
        env=desk.environment,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_on_a_full_disk_a_message_is_taken_or_refused(homeserver: Homeserver, tmp_path: Path) -> None:
    """However much room there is: what `send` says of the message is so, once there is room again."""
    alice, bob = desk_with_keyring(tmp_path / "a"), desk_with_keyring(tmp_path / "b")
    a_login, b_login = logged_in(alice, homeserver, "full.a"), logged_in(bob, homeserver, "full.b")
    room_id = room_of(homeserver, a_login, b_login)
    bob.run("rooms", "--join", room_id)
    alice.run("send", room_id, "first")
    taken, refused, said = ["first"], [], []
    for largest in (0, 4_200, 8_400, 16_800, 21_000, 25_200, 29_400, 33_600, 42_000, 84_000, 1_000_000):
        body = f"with {largest} bytes"
        done = with_little_room(alice, largest, "send", room_id, body)
        assert "Traceback" not in done.stderr
        assert "defect" not in done.stderr, done.stderr
        if done.returncode == 0 or "waits in the outbox" in done.stderr:
            taken.append(body)
        else:
            assert "why: " in done.stderr
            refused.append(body)
        said.append((body, done.returncode, done.stderr))
    assert refused, "there was room for everything"
    alice.run("send", room_id, "last")
    bodies = [event["body"] for event in bob.listen(b_login.user_id, lambda event: event["body"] == "last")]
    assert [body for body in bodies if body] == [*taken, "last"], "\n".join(map(str, said))


def test_on_a_full_disk_a_sync_is_taken_in_later(homeserver: Homeserver, tmp_path: Path) -> None:
    """`listen` that finds no room says so and ends; with room it has everything, in order, once."""
    alice, bob = desk_with_keyring(tmp_path / "a"), desk_with_keyring(tmp_path / "b")
    a_login, b_login = logged_in(alice, homeserver, "fuller.a"), logged_in(bob, homeserver, "fuller.b")
    room_id = room_of(homeserver, a_login, b_login)
    bob.run("rooms", "--join", room_id)
    for number in range(3):
        alice.run("send", room_id, f"{number} " + "x" * 20_000)
    seen: list[dict[str, Any]] = []
    for largest in (4_200, 30_000, 60_000):
        done = with_little_room(bob, largest, "listen", "--json")
        assert done.returncode == 1
        assert "why: " in done.stderr
        assert "defect" not in done.stderr, done.stderr
        seen += [json.loads(line) for line in done.stdout.splitlines()]
    seen += bob.listen(b_login.user_id, lambda event: (event["body"] or "").startswith("2 "))
    messages = [event["body"].split()[0] for event in seen if event["body"]]
    assert messages == ["0", "1", "2"]
