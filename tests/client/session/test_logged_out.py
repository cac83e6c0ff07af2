"""A device whose login ends while its session is open: nothing is lost, and what is stored stays readable."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from client.session.errors import LoggedOut
from client.session.events import Connection, ConnectionChanged, Json
from client.session.session import OpenSession
from client.session.transport import Transport
from tests.client.session.fake_homeserver import ROOM
from tests.client.session.fake_people import alice_and_bob
from tests.client.session.people import next_event


class Revocable:
    """A transport whose token is refused from when it is `revoked`; `only` on the paths that contain it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.revoked = False
        self.only = ""

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Json] | None = None,
        timeout: float = 30.0,
    ) -> bytes:
        if self.revoked and self.only in path:
            why = "The token is unknown."
            raise LoggedOut("x", why=why, remedy="z", status=401, errcode="M_UNKNOWN_TOKEN")
        return await self._transport.request(method, path, query=query, body=body, timeout=timeout)


async def told(session: OpenSession, connection: Connection) -> None:
    """Wait until the session says that its connection is so."""
    async for update in session.updates():
        if update == ConnectionChanged(connection=connection):
            return
    raise AssertionError("the session closed")


async def test_a_session_whose_login_ends_says_so_and_reads_on(tmp_path: Path) -> None:
    """Its followers are told once, rooms, members and timeline answer as before, and sending is refused."""
    server, alice, bob = await alice_and_bob(tmp_path)
    revocable = Revocable(alice.transport)
    alice.transport = revocable  # type: ignore[assignment] # the fake's own is inside
    async with alice.session() as session:
        await session.send(ROOM, {"msgtype": "m.text", "body": "before"})
        await next_event(session, lambda event: event.body == "before")
        rooms, members, timeline = (
            await session.rooms(),
            await session.members(ROOM),
            await session.timeline(ROOM),
        )
        revocable.revoked = True
        await server.tell_changed(bob.user_id)  # ends the answer that is waited for
        await told(session, Connection.LOGGED_OUT)
        assert (await session.rooms(), await session.members(ROOM)) == (rooms, members)
        assert await session.timeline(ROOM) == timeline
        with pytest.raises(LoggedOut, match="rogatory login"):
            await session.send(ROOM, {"msgtype": "m.text", "body": "after"})
    async with alice.session() as session:
        assert session.connection is Connection.LOGGED_OUT
        assert await session.timeline(ROOM) == timeline
        revocable.revoked = False
    async with alice.session() as session:
        await session.send(ROOM, {"msgtype": "m.text", "body": "once more"})
        await next_event(session, lambda event: event.body == "once more")
        assert "after" not in [event.body for event in await session.timeline(ROOM)]


async def test_what_waits_in_the_outbox_outlives_the_login(tmp_path: Path) -> None:
    """Messages that meet an ended login are told to wait; logged in again they go, in order, once."""
    _, alice, bob = await alice_and_bob(tmp_path)
    revocable = Revocable(alice.transport)
    alice.transport = revocable  # type: ignore[assignment] # the fake's own is inside
    async with alice.session() as session:
        revocable.revoked, revocable.only = True, "/send/"  # the sync finds out later than the outbox
        sendings = [
            asyncio.ensure_future(session.send(ROOM, {"msgtype": "m.text", "body": f"message {number}"}))
            for number in range(3)
        ]
        for sending in sendings:
            with pytest.raises(LoggedOut, match="waits in the outbox; do not send it again"):
                await sending
    revocable.revoked = False
    async with alice.session(), bob.session() as theirs:
        await next_event(theirs, lambda event: event.body == "message 2")
        bodies = [event.body for event in await theirs.timeline(ROOM)]
        assert bodies == ["message 0", "message 1", "message 2"]
