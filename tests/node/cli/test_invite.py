"""`rogatory rooms --invite`, as a moderator types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.client.session.homeserver import Homeserver
from tests.node.cli.desks import desk_with_keyring, logged_in, room_of

pytestmark = pytest.mark.synapse


def test_who_is_invited_reads_what_is_sent_next(homeserver: Homeserver, tmp_path: Path) -> None:
    """A verb invites, the next one sends, and the invited, who joins only then, reads it."""
    desk, other = desk_with_keyring(tmp_path / "desk"), desk_with_keyring(tmp_path / "other")
    login = logged_in(desk, homeserver, "inviting")
    peer = logged_in(other, homeserver, "invited")
    room_id = room_of(homeserver, login, name="Evidence")
    desk.run("send", room_id, "before the invitation")
    shown = desk.json("rooms", "--invite", peer.user_id, "Evidence")
    assert [room["room_id"] for room in shown["rooms"]] == [room_id]
    desk.run("send", room_id, "after the invitation")
    other.run("rooms", "--join", room_id)
    seen = other.listen(peer.user_id, lambda event: event["body"] == "after the invitation")
    assert "before the invitation" not in [event["body"] for event in seen]

    refused = desk.run("rooms", "--invite", peer.user_id, room_id, expect=3)
    assert f"{peer.user_id} was not invited to {room_id}" in refused.stderr
    assert "is no user id" in desk.run("rooms", "--invite", "invited", room_id, expect=2).stderr
