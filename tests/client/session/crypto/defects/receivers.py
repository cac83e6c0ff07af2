"""A device that receives: the stock one and ours, behind one face, so that both are played one scenario."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from client.session.crypto.machine import Machine
from client.session.events import Trust
from client.session.session import OpenSession
from tests.client.session.crypto.defects import stock_nio
from tests.client.session.crypto.defects.case import Probe
from tests.client.session.crypto.defects.peer import Object, Peer
from tests.client.session.fake_homeserver import ROOM, FakeHomeserver
from tests.client.session.fake_people import Person
from tests.client.session.people import next_event


@dataclass(frozen=True)
class Seen:
    """What a receiver shows of an event: its text, None if it has none, and how far it is believed."""

    body: str | None
    belief: str


class Receiver(Protocol):
    """One device, with a store that lives over `restart`."""

    user_id: str
    curve25519: str
    ed25519: str

    def take_one_time_key(self) -> str:
        """Claim one of its one-time keys."""

    async def know(self, peer: Peer) -> None:
        """Learn of a peer's device."""

    async def take(self, *events: Object) -> None:
        """Take to-device messages that come in one answer of /sync."""

    async def read(self, event: Object) -> Seen:
        """Read an event of the room."""

    async def restart(self) -> None:
        """End as by kill -9, and start again from the store."""


Scenario = Callable[[Receiver], Awaitable[object]]


class StockReceiver:
    """`Receiver` by stock nio."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self._client: Any
        self.user_id = stock_nio.ME
        self._open()
        keys = self._client.olm.account.identity_keys
        self.curve25519, self.ed25519 = keys["curve25519"], keys["ed25519"]
        self._one_time_keys = stock_nio.published_keys(self._client.olm)

    def _open(self) -> None:
        self._client = self._stack.enter_context(stock_nio.client(self._folder))

    def close(self) -> None:
        self._stack.close()

    def take_one_time_key(self) -> str:
        key: str = self._one_time_keys.pop()
        return key

    async def know(self, peer: Peer) -> None:
        stock_nio.know(self._client.olm, peer)

    async def take(self, *events: Object) -> None:
        with contextlib.suppress(Exception):  # as a program that goes on syncing after an error
            await self._client.receive_response(stock_nio.sync_answer(*events))

    async def read(self, event: Object) -> Seen:
        parsed = stock_nio.nio.Event.parse_event(event)
        parsed.room_id = ROOM
        if not isinstance(parsed, stock_nio.nio.MegolmEvent):
            return Seen(None, "not parsed")
        try:
            decrypted = self._client.olm.decrypt_megolm_event(parsed)
        except stock_nio.nio.EncryptionError:
            return Seen(None, "undecryptable")
        return Seen(decrypted.body, "verified" if decrypted.verified else "unverified")

    async def restart(self) -> None:
        self.close()
        self._open()


class OurReceiver:
    """`Receiver` by ours, on a homeserver in memory."""

    def __init__(self, server: FakeHomeserver, person: Person) -> None:
        self.server, self.person = server, person
        self._stack = contextlib.AsyncExitStack()
        self._session: OpenSession | None = None
        self.user_id = person.user_id
        self._mine = server.devices[person.user_id, person.device_id]
        keys = self._mine.keys["keys"]
        self.curve25519 = keys[f"curve25519:{person.device_id}"]
        self.ed25519 = keys[f"ed25519:{person.device_id}"]

    async def open(self) -> None:
        self._session = await self._stack.enter_async_context(self.person.session())

    async def close(self) -> None:
        await self._stack.aclose()

    def machine(self) -> Machine:
        assert self._session is not None
        return self._session._machine

    def take_one_time_key(self) -> str:
        key: str = self._mine.one_time_keys.pop(next(iter(self._mine.one_time_keys)))["key"]
        return key

    async def know(self, peer: Peer) -> None:
        self.server.transport(peer.user_id, peer.device_id)
        self.server.devices[peer.user_id, peer.device_id].keys = peer.device_keys()
        self.machine().devices.mark_stale([peer.user_id])
        await self.machine().devices.refresh([peer.user_id])

    async def take(self, *events: Object) -> None:
        person, expected = self.person, len(self._mine.to_device) + len(events)
        await self.server.put_to_device(person.user_id, person.device_id, *events)
        await self.server.has_told(person.user_id, person.device_id, expected)

    async def read(self, event: Object) -> Seen:
        await self.server.put_event(event)
        assert self._session is not None
        shown = await next_event(self._session, lambda shown: shown.event_id == event["event_id"])
        return Seen(shown.body if shown.trust is not Trust.UNDECRYPTABLE else None, shown.trust.value)

    async def restart(self) -> None:
        await self.close()
        await self.open()


def by_nio(scenario: Scenario) -> Probe:
    """Play a scenario to stock nio."""

    async def probe(folder: Path) -> object:
        receiver = StockReceiver(folder)
        try:
            return await scenario(receiver)
        finally:
            receiver.close()

    return probe


def by_ours(scenario: Scenario) -> Probe:
    """Play a scenario to ours."""

    async def probe(folder: Path) -> object:
        async with our_receiver(folder) as receiver:
            return await scenario(receiver)

    return probe


@contextlib.asynccontextmanager
async def our_receiver(folder: Path) -> AsyncIterator[OurReceiver]:
    """Open our receiver, in a room with the peers of the scenarios."""
    server = FakeHomeserver("@me:a.test", "@peer:p.test", "@mallory:m.test")
    receiver = OurReceiver(server, await Person(server, "@me:a.test", "ME", folder).enrol())
    await receiver.open()
    try:
        yield receiver
    finally:
        await receiver.close()


def introduced(receiver: Receiver, peer: Peer) -> Peer:
    """Let a peer begin an Olm session with a receiver."""
    peer.begin(receiver.curve25519, receiver.take_one_time_key())
    return peer


def key_message(receiver: Receiver, peer: Peer, content: Object | None = None, **changes: object) -> Object:
    """Return a to-device message with a room key of the peer's, honest but for the `changes`."""
    recipient = (receiver.user_id, receiver.ed25519)
    payload = peer.payload(recipient, "m.room_key", content or peer.room_key(), **changes)
    return peer.to_device(receiver.curve25519, payload)
