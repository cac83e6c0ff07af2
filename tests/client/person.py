"""People on the two nodes, each behind a proxy of their own, with one device or more."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from client.session.accounts import Account, Accounts
from client.session.enrolment import enrol
from client.session.events import (
    Content,
    InitialState,
    Json,
    Membership,
    RoomCreation,
    SentEvent,
    TimelineEvent,
)
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from client.session.session import OpenSession
from client.session.verification import Cancelled, Compare, Done, Requested, Verification
from client.session.wire import part
from tests.client.proxy.proxy import Proxy
from tests.client.proxy.rules import PATIENCE
from tests.client.session.homeserver import Homeserver, Login, call
from tests.client.session.people import next_event, opened

_numbers = itertools.count()
MEGOLM = "m.megolm.v1.aes-sha2"


@dataclass(frozen=True)
class HomeserverPair:
    """Two servers that federate."""

    africa: Homeserver
    court: Homeserver


@dataclass
class Person:
    """One device of a user: its account here, and its way to its server, which may misbehave."""

    homeserver: Homeserver
    proxy: Proxy
    login: Login
    root: Path
    account: Account | None = None
    written: list[str] = field(default_factory=list)

    @property
    def user_id(self) -> str:
        return self.login.user_id

    async def enrol(self) -> Account:
        """Make and publish the device's keys, through the proxy."""
        self.account = await enrol(
            Accounts(self.root),
            user_id=self.login.user_id,
            homeserver=self.proxy.url,
            device_id=self.login.device_id,
            access_token=self.login.access_token,
        )
        return self.account

    def opened(self) -> AbstractAsyncContextManager[OpenSession]:
        """Open the session, which joins whatever it is invited to."""
        return opened(self.account or Accounts(self.root).find(self.user_id))

    async def call(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> dict[str, object]:
        """Ask the server directly, past the proxy: what another program of the account could do."""
        return await asyncio.to_thread(
            call,
            self.homeserver.url,
            method,
            f"/_matrix/client/v3{path}",
            body,
            self.login.access_token,
        )

    async def room(self, *invited: Person, encryption: Content | None = None, public: bool = False) -> str:
        """Create an encrypted room; a `public` one is open to all, with its history."""
        visibility = "shared" if public else "invited"
        state = [
            InitialState(type="m.room.encryption", content={"algorithm": MEGOLM, **(encryption or {})}),
            InitialState(type="m.room.history_visibility", content={"history_visibility": visibility}),
        ]
        if public:
            state.append(InitialState(type="m.room.join_rules", content={"join_rule": "public"}))
        creation = RoomCreation(invite=tuple(other.user_id for other in invited), initial_state=tuple(state))
        async with HttpTransport(self.homeserver.url, self.login.access_token) as transport:
            return await RoomRequests(transport).create_room(creation)

    async def invite(self, room_id: str, other: Person) -> None:
        await self.call("POST", f"/rooms/{part(room_id)}/invite", {"user_id": other.user_id})

    async def join(self, room_id: str, via: Person) -> None:
        await self.call("POST", f"/join/{part(room_id)}?via={via.homeserver.name}", {})

    async def say(self, session: OpenSession, room_id: str, body: str) -> SentEvent:
        """Send a text that the homeserver must never see."""
        self.written.append(body)
        return await session.send(room_id, {"msgtype": "m.text", "body": body})

    async def devices_of(self, user_id: str) -> dict[str, bool]:
        """Return the devices of a user as our server shows them, and whether their owner has signed each."""
        answer = await self.call("POST", "/keys/query", {"device_keys": {user_id: []}})
        devices: Any = answer["device_keys"]
        return {
            name: len(device["signatures"][user_id]) > 1 for name, device in devices.get(user_id, {}).items()
        }

    def sessions_used(self, room_id: str) -> list[Json]:
        """Return the ids of the Megolm sessions of what was sent to a room, in order."""
        calls = self.proxy.calls_to(f"/rooms/{room_id}/send/")
        return [sent.request.json()["session_id"] for sent in calls]

    def keys_sent_to(self) -> list[set[tuple[str, str]]]:
        """Return the devices that each to-device request went to."""
        return [
            {
                (user, device)
                for user, devices in sent.request.json()["messages"].items()
                for device in devices
            }
            for sent in self.proxy.calls_to("/sendToDevice/m.room.encrypted/")
        ]


class People:
    """Makes people, and looks at the end whether one of them wrote in clear."""

    def __init__(self, pair: HomeserverPair, root: Path, stack: AsyncExitStack) -> None:
        self._pair = pair
        self._root = root
        self._stack = stack
        self._made: list[Person] = []

    async def __call__(self, name: str, *, on: str = "africa", enrolled: bool = True) -> Person:
        """Return a new user, enrolled unless told otherwise, on `africa` or `court`."""
        homeserver: Homeserver = getattr(self._pair, on)
        login = await asyncio.to_thread(homeserver.register, f"{name}.{next(_numbers)}")
        return await self._with_proxy(homeserver, login, enrolled)

    async def another_device(self, of: Person, *, enrolled: bool = True) -> Person:
        """Return another device of a user, that nobody has vouched for yet."""
        login = await asyncio.to_thread(of.homeserver.login, of.login.user_id, of.login.password)
        return await self._with_proxy(of.homeserver, login, enrolled)

    async def proxy(self, homeserver: Homeserver) -> Proxy:
        """Return a proxy of its own, for a client that is not ours."""
        return await self._stack.enter_async_context(Proxy(homeserver.url))

    async def _with_proxy(self, homeserver: Homeserver, login: Login, enrolled: bool) -> Person:
        proxy = await self.proxy(homeserver)
        person = Person(homeserver, proxy, login, self._root / login.device_id)
        self._made.append(person)
        if enrolled:
            await person.enrol()
        return person

    def assert_nothing_in_clear(self) -> None:
        """Fail if a proxy saw a text that was written, or an event of a room that is not encrypted."""
        for person in self._made:
            for request in person.proxy.received:
                for body in person.written:
                    assert body.encode() not in request.body, (request.method, request.path)
                if request.method == "PUT" and "/send/" in request.path:
                    assert "/send/m.room.encrypted/" in request.path, request.path


async def eventually(holds: Callable[[], Awaitable[object]]) -> None:
    """Poll until something holds that nothing tells of."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110 # as the line above says
            await asyncio.sleep(0.05)


async def until_readers(session: OpenSession, room_id: str, *others: Person) -> None:
    """Wait until the session would give a room's key to those others, and nobody else."""
    await _until_readers(session, room_id, {other.user_id for other in others})


async def _until_readers(session: OpenSession, room_id: str, others: set[str]) -> None:
    async def are_readers() -> bool:
        known = {room.room_id for room in await session.rooms()}
        return room_id in known and await session.readers(room_id) == others

    await eventually(are_readers)


async def until_signed(viewer: Person, session: OpenSession, room_id: str, device: Person) -> None:
    """Wait until the viewer's session knows of a device that its owner has vouched for."""
    await eventually(lambda: _shows(viewer, device, True))
    await session.readers(room_id)


async def until_gone(viewer: Person, session: OpenSession, room_id: str, device: Person) -> None:
    """Wait until the viewer's session knows that a device is no longer there."""
    await eventually(lambda: _shows(viewer, device, None))
    await session.readers(room_id)


async def _shows(viewer: Person, device: Person, signed: bool | None) -> bool:
    devices = await viewer.devices_of(device.user_id)
    return devices.get(device.login.device_id) is signed


async def until_claimable(viewer: Person, device: Person) -> None:
    """Wait until the viewer's server gets keys from the device's server (again); each look takes one."""
    wanted = {device.user_id: {device.login.device_id: "signed_curve25519"}}

    async def is_claimable() -> object:
        answer = await viewer.call("POST", "/keys/claim", {"one_time_keys": wanted})
        return answer["one_time_keys"]

    await eventually(is_claimable)


async def until_joined(session: OpenSession, room_id: str, *others: Person) -> None:
    """Wait until the session knows of its own join and those others', and would give them a room's key.

    A message that is sent while another server joins is not shown there before the next one: Synapse hands
    it on only as what came before that.
    """

    readers = {other.user_id for other in others}
    await _until_joined(session, room_id, readers, joined={session.user_id, *readers})


async def _until_joined(session: OpenSession, room_id: str, others: set[str], *, joined: set[str]) -> None:
    async def have_joined() -> bool:
        members = await session.members(room_id)
        return joined <= {member.user_id for member in members if member.membership is Membership.JOIN}

    await _until_readers(session, room_id, others)
    await eventually(have_joined)


async def until_together(room_id: str, writer: OpenSession, *others: OpenSession) -> None:
    """Wait until the writer knows of everybody's joins, and each other of its own; all could write to all.

    Of a third one's join another server may hear only with the next message (see `until_joined`).
    """
    users = {session.user_id for session in (writer, *others)}
    for session in others:
        await _until_joined(session, room_id, users - {session.user_id}, joined={session.user_id})
    await _until_joined(writer, room_id, users - {writer.user_id}, joined=users)


async def read(session: OpenSession, body: str) -> TimelineEvent:
    """Return the event that says `body`, once it is there and decrypted."""
    async with asyncio.timeout(PATIENCE):
        return await next_event(session, lambda event: event.body == body)


async def shown(session: OpenSession, event_id: str) -> TimelineEvent:
    """Return an event once it is there, decrypted or not."""
    async with asyncio.timeout(PATIENCE):
        return await next_event(session, lambda event: event.event_id == event_id)


async def agree(verification: Verification) -> None:
    """Say yes to everything, as a person does who sees the same emoji twice."""
    async for step in verification.steps():
        if isinstance(step, Requested) and step.incoming:
            await verification.accept()
        elif isinstance(step, Compare):
            await verification.confirm()
        assert not isinstance(step, Cancelled), step
        if isinstance(step, Done):
            return


async def vouch(new: OpenSession, old: OpenSession) -> None:
    """Let a user's old device vouch for the new one, by emoji; the new one has the identity after."""
    asked = await new.verify(new.user_id)
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as both:
        both.create_task(agree(asked))
        both.create_task(agree(await anext(old.verification_requests())))

    async def is_signed() -> bool:
        return (await new.recovery_state()).signed

    await eventually(is_signed)


async def is_backed_up(session: OpenSession) -> bool:
    """Return whether everything that the session can read is in the backup."""
    state = await session.recovery_state()
    return bool(state.backup_version) and state.backed_up == state.room_keys > 0
