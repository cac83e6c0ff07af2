"""All verifications of one session: which message belongs to which, and what they want done.

Flows decide; this sends, signs and watches the clock, in tasks of the session, never within a sync.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass

from client.session.crypto.machine import Machine
from client.session.crypto.verification import messages
from client.session.crypto.verification.abort import Abort
from client.session.crypto.verification.actions import Action, Send
from client.session.crypto.verification.addresses import (
    Address,
    RoomAddress,
    ToDeviceAddress,
    request_of,
    transaction_of,
)
from client.session.crypto.verification.flow import OVERALL, Flow
from client.session.crypto.verification.incoming import Incoming
from client.session.crypto.verification.messages import Request, read_message
from client.session.crypto.verification.ongoing import OngoingVerification, under_way
from client.session.crypto.verification.parties import Party
from client.session.crypto.verification.sending import VerificationSending
from client.session.crypto.verification.signing import Signing
from client.session.errors import SessionError
from client.session.verification import CancelCode, Verification

_log = logging.getLogger(__name__)
_MOST_OPEN = 32
"""Verifications at once: far more than a person can follow, far fewer than a hostile room could begin."""
_CLOCK_SKEW = 300.0
"""Seconds that a request may come from the future (Matrix spec)."""
_KEYS_PATIENCE = 10.0


@dataclass(frozen=True)
class _Job:
    """An action, and whom it concerns; `ongoing` is None for an answer to what is no verification here."""

    user_id: str
    address: Address
    action: Action
    ongoing: OngoingVerification | None = None


class Verifications:
    """The verifications of an open session. `begin_task` starts work in the session's own task group.

    `clock` is monotonic, in seconds; `wall` counts seconds since 1970.
    """

    def __init__(
        self,
        machine: Machine,
        sending: VerificationSending,
        signing: Signing,
        begin_task: Callable[[Coroutine[None, None, None]], object],
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._machine = machine
        self._sending = sending
        self._signing = signing
        self._begin_task = begin_task
        self._clock = clock
        self._wall = wall
        self._ongoing: dict[tuple[str, str], OngoingVerification] = {}
        self._arrived: asyncio.Queue[Incoming] = asyncio.Queue()
        self._to_do: asyncio.Queue[_Job] = asyncio.Queue()
        self._followers: list[asyncio.Queue[OngoingVerification | None]] = []
        self._asking = asyncio.Lock()
        self._being_asked: set[str] = set()

    def start(self) -> None:
        """Begin to take in messages and to do what verifications want done."""
        self._begin_task(self._take_in())
        self._begin_task(self._work())

    def close(self) -> None:
        """End what is open, here only: the other side will time out."""
        for ongoing in self._ongoing.values():
            ongoing.flow.cancel(CancelCode.USER, "The session was closed.")
            ongoing.tell()
        for follower in self._followers:
            follower.put_nowait(None)
        while not self._to_do.empty():  # what was not sent by now never will be; nobody waits for it
            self._to_do.get_nowait()
            self._to_do.task_done()

    def hand_in(self, incoming: Sequence[Incoming]) -> None:
        """Take messages of a committed sync; returns at once."""
        for one in incoming:
            self._arrived.put_nowait(one)

    async def ask(self, user_id: str) -> Verification:
        """Ask a user, or with our own user id our other devices. Raises CannotVerify and what sending raises.

        Where that user has asked us already, that is accepted instead. While one with that user is under way,
        a second is refused: the other side would give both up. Cancelled, it is withdrawn.
        """
        for ongoing in self._ongoing.values():
            if ongoing.user_id == user_id and not ongoing.flow.ended:
                await ongoing.accept()
                return ongoing
        if user_id in self._being_asked:
            raise under_way(user_id)
        self._being_asked.add(user_id)
        begun: asyncio.Future[OngoingVerification] = asyncio.get_running_loop().create_future()
        self._begin_task(self._begin_asking(user_id, begun))
        return await begun

    async def _begin_asking(self, user_id: str, begun: asyncio.Future[OngoingVerification]) -> None:
        """Ask in a task of the session's: an asker that goes away meanwhile leaves no question behind."""
        try:
            ongoing = await self._asked(user_id)
        except SessionError as error:
            if not begun.done():
                begun.set_exception(error)
            return
        finally:
            self._being_asked.discard(user_id)
        if begun.done():
            await ongoing.cancel()
        else:
            begun.set_result(ongoing)

    async def _asked(self, user_id: str) -> OngoingVerification:
        devices = self._machine.devices
        devices.mark_stale([user_id])
        await devices.refresh([user_id])
        ours = self._ours()
        # An answer must not be looked at before the request that it answers is known here.
        async with self._asking:
            address, asked = await self._sending.request(user_id)
            flow = Flow.asking(
                ours, user_id, address, asked, lambda device: self._party(user_id, device), self._clock()
            )
            return self._register(flow)

    async def requests(self) -> AsyncIterator[Verification]:
        """Yield the requests of others that wait for an answer, then those that come."""
        follower: asyncio.Queue[OngoingVerification | None] = asyncio.Queue()
        for ongoing in self._ongoing.values():
            if ongoing.flow.incoming and not ongoing.flow.ended:
                follower.put_nowait(ongoing)
        self._followers.append(follower)
        try:
            while (found := await follower.get()) is not None:
                if not found.flow.ended:
                    yield found
        finally:
            self._followers.remove(follower)

    async def _take_in(self) -> None:
        while True:
            incoming = await self._arrived.get()
            self._forget_old()
            if incoming.room_id is None:
                await self._take_to_device(incoming)
            else:
                async with self._asking:
                    await self._take_in_room(incoming, incoming.room_id)

    async def _take_to_device(self, incoming: Incoming) -> None:
        transaction_id = transaction_of(incoming.content)
        if incoming.sender != self._machine.account.user_id or transaction_id is None:
            _log.warning("A verification from another account came outside any room, and was dropped")
            return
        ongoing = self._ongoing.get((incoming.sender, transaction_id))
        address = ToDeviceAddress(transaction_id)
        if ongoing is not None:
            await self._hand_over(ongoing, incoming)
        elif incoming.type == messages.REQUEST:
            await self._offer(incoming, address)
        elif incoming.type in (messages.READY, messages.START):
            device = incoming.content.get("from_device")
            if isinstance(device, str) and device != self._machine.account.device_id:
                await self._know(incoming.sender, device)
                self._refuse(incoming.sender, address, device, CancelCode.UNKNOWN_TRANSACTION)

    async def _take_in_room(self, incoming: Incoming, room_id: str) -> None:
        own = incoming.sender == self._machine.account.user_id
        if incoming.type == "m.room.message":
            if not own and incoming.event_id is not None:
                await self._offer(incoming, RoomAddress(room_id, incoming.event_id))
            return
        transaction_id = request_of(incoming.content)
        for (user_id, known), ongoing in self._ongoing.items():
            if known != transaction_id or ongoing.flow.address != RoomAddress(room_id, known):
                continue
            if own and incoming.content.get("from_device") != self._machine.account.device_id:
                self.carry_out(ongoing, ongoing.flow.dismiss())
            elif incoming.sender == user_id:
                await self._hand_over(ongoing, incoming)
            return

    async def _hand_over(self, ongoing: OngoingVerification, incoming: Incoming) -> None:
        if ongoing.flow.theirs is None:
            await self._know(ongoing.user_id, incoming.content.get("from_device"))
        self.carry_out(ongoing, ongoing.flow.receive(incoming.type, incoming.content, self._clock()))

    async def _offer(self, incoming: Incoming, address: Address) -> None:
        """Take a request; nothing comes of one that is malformed, stale, for others, or one too many."""
        own = self._machine.account
        try:
            request = read_message(messages.REQUEST, incoming.content)
        except Abort:
            return
        if not isinstance(request, Request) or request.from_device == own.device_id:
            return
        if isinstance(address, RoomAddress) and request.to != own.user_id:
            return
        sent_at = incoming.sent_at if isinstance(address, RoomAddress) else request.timestamp
        age = self._wall() - (sent_at or 0) / 1000
        if not -_CLOCK_SKEW <= age < OVERALL:
            _log.info("A request for a verification came too late, or from the future")
            return
        await self._know(incoming.sender, request.from_device)
        others = [
            one
            for one in self._ongoing.values()
            if not one.flow.ended
            and one.flow.incoming
            and one.user_id == incoming.sender
            and one.flow.theirs is not None
            and one.flow.theirs.device_id == request.from_device
        ]
        if others:  # Matrix spec: several attempts of one device are all given up
            for one in others:
                self.carry_out(
                    one, one.flow.cancel(CancelCode.UNEXPECTED_MESSAGE, "They asked a second time.")
                )
            self._refuse(incoming.sender, address, request.from_device, CancelCode.UNEXPECTED_MESSAGE)
            return
        if sum(not one.flow.ended for one in self._ongoing.values()) >= _MOST_OPEN:
            _log.warning("A request for a verification was dropped: too many are open")
            return
        try:
            flow = Flow.asked(
                self._ours(),
                incoming.sender,
                address,
                request,
                lambda device: self._party(incoming.sender, device),
                self._clock(),
                age,
            )
        except Abort as abort:
            _log.warning("A request for a verification was not offered: %s", abort.reason)
            return
        ongoing = self._register(flow)
        for follower in self._followers:
            follower.put_nowait(ongoing)

    async def _know(self, user_id: str, device_id: object) -> None:
        """Have the keys of a user at hand, that device's in particular, as far as the server tells them."""
        devices = self._machine.devices
        if not any(device.device_id == device_id for device in devices.devices(user_id)):
            devices.mark_stale([user_id])
        with contextlib.suppress(TimeoutError, SessionError):
            async with asyncio.timeout(_KEYS_PATIENCE):
                await devices.refresh([user_id])

    def carry_out(self, ongoing: OngoingVerification, actions: list[Action]) -> None:
        """Have actions done in their order, and tell of the step that has been reached."""
        for action in actions:
            self._to_do.put_nowait(_Job(ongoing.user_id, ongoing.flow.address, action, ongoing))
        ongoing.tell()

    def _refuse(self, user_id: str, address: Address, device_id: str, code: CancelCode) -> None:
        content = address.bind({"code": code.value, "reason": "This device does not take it up."})
        self._to_do.put_nowait(_Job(user_id, address, Send(messages.CANCEL, content, (device_id,))))

    async def _work(self) -> None:
        with contextlib.suppress(SessionError):
            await self._signing.resume()
        while True:
            job = await self._to_do.get()
            if isinstance(job.action, Send):
                await self._send(job, job.action)
            elif job.ongoing is not None:
                job.ongoing.flow.signed(published=await self._signing.trust(job.action))
                job.ongoing.tell()
            self._to_do.task_done()

    async def _send(self, job: _Job, send: Send) -> None:
        try:
            await self._sending.send(job.user_id, job.address, send)
        except SessionError as error:
            _log.warning("A verification could not go on: %s", error.what)
            if job.ongoing is not None:
                job.ongoing.flow.cancel(CancelCode.USER, f"It could not be sent. {error.what}")
                job.ongoing.tell()

    def _register(self, flow: Flow) -> OngoingVerification:
        ongoing = OngoingVerification(flow, self.carry_out, self._to_do.join, self._clock)
        self._ongoing[flow.user_id, flow.address.transaction_id] = ongoing
        self._begin_task(self._watch(ongoing))
        return ongoing

    async def _watch(self, ongoing: OngoingVerification) -> None:
        """Wake a flow when its time has come."""
        while not ongoing.flow.ended:
            ongoing.changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, ongoing.flow.wake_at - self._clock())):
                    await ongoing.changed.wait()
            self.carry_out(ongoing, ongoing.flow.tick(self._clock()))

    def _forget_old(self) -> None:
        """Forget what ended ten minutes after it began: until then its stragglers are known as such."""
        now = self._clock()
        self._ongoing = {
            name: one for name, one in self._ongoing.items() if not (one.flow.ended and one.flow.is_over(now))
        }

    def _ours(self) -> Party:
        account, identity = self._machine.account, self._machine.identity
        if identity is None:  # another device of ours will prove the master key to this one, not the reverse
            return Party(account.user_id, account.device_id, account.ed25519, None)
        others = frozenset({identity.self_signing.public_key, identity.user_signing.public_key})
        master_key = identity.master.public_key
        return Party(account.user_id, account.device_id, account.ed25519, master_key, others)

    def _party(self, user_id: str, device_id: str) -> Party | None:
        devices = self._machine.devices
        device = next((one for one in devices.devices(user_id) if one.device_id == device_id), None)
        if device is None:
            return None
        ours, identity = self._ours(), devices.identity(user_id)
        if user_id == ours.user_id and ours.master_key is not None:
            return Party(user_id, device_id, device.ed25519, ours.master_key, ours.other_keys)
        if identity is None:
            return None
        others = frozenset({identity.self_signing_key} if identity.self_signing_key else ())
        return Party(user_id, device_id, device.ed25519, identity.master_key, others)
