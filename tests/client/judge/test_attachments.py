"""Files between our code and Element's own: each side alone knows the specification."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from client.session.events import RoomCreation
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from tests.client.judge.judge import judge, needs_node
from tests.client.session.homeserver import Homeserver, running_synapse
from tests.client.session.people import ENCRYPTED, enrolled, next_event, opened

pytestmark = [pytest.mark.synapse, needs_node]


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("synapse")) as server:
        yield server


@pytest.mark.parametrize("size", [0, 1, 1_000_003])
async def test_element_reads_a_file_of_ours_and_we_read_one_of_its(
    homeserver: Homeserver, tmp_path: Path, size: int
) -> None:
    """Either side finds bytes and name of the other's file; Element refuses ours with another hash."""
    account, login = await enrolled(homeserver, tmp_path / "accounts", f"file.alice.{size}")
    other = homeserver.register(f"file.element.{size}")
    path = tmp_path / "statement.txt"
    path.write_bytes((b"page after page\n" * (size // 16 + 1))[:size])
    async with judge(homeserver, other) as element, opened(account) as alice:
        async with HttpTransport(homeserver.url, login.access_token) as transport:
            creation = RoomCreation(invite=(other.user_id,), initial_state=ENCRYPTED)
            room_id = await RoomRequests(transport).create_room(creation)
        updates = alice.updates()
        while await alice.readers(room_id) != {other.user_id}:
            await anext(updates)
        sent = await alice.send_file(room_id, path, caption="as promised")
        element.tell(join=room_id)
        read = await element.until(event_id=sent.event_id, type="m.room.message")
        content: dict[str, Any] = read["content"]
        assert (read["shield"], content["body"], content["filename"]) == (0, "as promised", "statement.txt")
        assert content["info"] == {"size": size, "mimetype": "text/plain"}
        found = (await element.ask("downloaded", download=content))["downloaded"]
        assert found == {"size": size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        wrong = copy.deepcopy(content)
        wrong["file"]["hashes"]["sha256"] = "A" * 43
        assert (await element.ask("downloaded", download=wrong))["downloaded"] is None

        command = {"room_id": room_id, "text": "x", "times": size, "filename": "from Element.txt"}
        theirs = await element.ask("uploaded", upload=command)
        event = await next_event(alice, lambda event: event.event_id == theirs["uploaded"])
        assert event.body == "from Element.txt"
        saved = await alice.save_attachment(room_id, event.event_id, tmp_path)
        assert (saved.size, saved.sha256) == (size, theirs["sha256"])
        assert (tmp_path / "from Element.txt").read_bytes() == b"x" * size
