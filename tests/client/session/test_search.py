"""Searching through a session: from another process too, and with nothing in the clear on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.session.errors import SearchRefused, UnknownRoom
from client.session.holder import served
from client.session.remote import connected_session
from tests.client.session.fake_homeserver import ROOM
from tests.client.session.fake_people import alice_and_bob
from tests.client.session.people import next_event

_CANARY = "canary4711"


async def test_what_was_sent_received_and_searched_for_is_nowhere_in_the_clear(tmp_path: Path) -> None:
    """No file of either home has a message or a draft in it, while the stores are open and afterwards."""
    _, alice, bob = await alice_and_bob(tmp_path)

    def nothing_in_the_clear(*expected: str) -> None:
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert {path.name for path in files} >= set(expected)
        for path in files:
            content = path.read_bytes()
            for encoding in ("utf-8", "utf-16-le"):
                assert _CANARY[:6].encode(encoding) not in content, path

    async with alice.session() as a, bob.session() as b:
        sent = await a.send(ROOM, {"msgtype": "m.text", "body": f"the {_CANARY} sang"})
        await next_event(b, lambda event: event.event_id == sent.event_id)
        await next_event(a, lambda event: event.event_id == sent.event_id)
        await b.set_draft(ROOM, f"answer to the {_CANARY}")
        for session in (a, b):
            (hit,) = await session.search("canary4")
            assert (hit.event_id, hit.body, hit.sender) == (sent.event_id, f"the {_CANARY} sang", a.user_id)
        nothing_in_the_clear("store.db", "store.db-wal", "store.db-shm")
    nothing_in_the_clear("store.db")
    async with bob.session() as b:
        assert await b.draft(ROOM) == f"answer to the {_CANARY}"


async def test_another_process_searches_through_the_holder(tmp_path: Path) -> None:
    """Over the socket of the holder the same is found, the same refused, and drafts are kept."""
    _, alice, _ = await alice_and_bob(tmp_path)
    socket = tmp_path / "socket"
    async with alice.session() as held:
        sent = await held.send(ROOM, {"msgtype": "m.text", "body": "a witness"})
        await next_event(held, lambda event: event.event_id == sent.event_id)
        async with served(held, socket), connected_session(alice.user_id, socket) as remote:
            assert await remote.search("wit") == await held.search("wit")
            (hit,) = await remote.search("wit", limit=1)
            assert await remote.search("wit", limit=1, before=hit.position) == []
            with pytest.raises(SearchRefused, match="searched for") as refused:
                await remote.search("w")
            assert refused.value.remedy == "Type one more letter."
            await remote.set_draft(ROOM, "not sent")
            assert await held.draft(ROOM) == await remote.draft(ROOM) == "not sent"
            await remote.set_draft(ROOM, "")
            assert await held.draft(ROOM) == ""
            with pytest.raises(UnknownRoom):
                await remote.set_draft("!nowhere", "x")


async def test_without_a_homeserver_the_store_is_searched(tmp_path: Path) -> None:
    """Offline, what came before is found."""
    server, alice, _ = await alice_and_bob(tmp_path)
    async with alice.session() as a:
        sent = await a.send(ROOM, {"msgtype": "m.text", "body": "a witness"})
        await next_event(a, lambda event: event.event_id == sent.event_id)
    server.failing = lambda user, path: True
    async with alice.session() as a:
        assert [hit.event_id for hit in await a.search("witness")] == [sent.event_id]
