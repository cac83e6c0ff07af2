"""How the messages of a verification leave: to our own devices directly, to other users in a room."""

from __future__ import annotations

import asyncio
import secrets
import time

from client.session.crypto.machine import Machine
from client.session.crypto.verification import messages
from client.session.crypto.verification.actions import Send
from client.session.crypto.verification.addresses import Address, RoomAddress, ToDeviceAddress
from client.session.errors import CannotVerify
from client.session.events import Json, Membership
from client.session.outbox import FLEETING, Outbox
from client.session.store.room_store import RoomStore

_PATIENCE = 30.0
"""Seconds for the server to take a request: nobody waits for emoji while they are offline."""


class VerificationSending:
    """Sends requests and the messages that follow.

    To-device messages go unencrypted, as every client's do: a verification trusts no channel, and a device
    without a session with us must be able to take part. In rooms everything is encrypted.
    """

    def __init__(self, machine: Machine, rooms: RoomStore, outbox: Outbox) -> None:
        self._machine = machine
        self._rooms = rooms
        self._outbox = outbox

    async def request(self, user_id: str) -> tuple[Address, list[str]]:
        """Ask for a verification; return its address and, outside rooms, the devices that were asked."""
        account = self._machine.account
        content: dict[str, Json] = {"from_device": account.device_id, "methods": [messages.SAS]}
        if user_id == account.user_id:
            return await self._ask_devices(content)
        if self._machine.devices.identity(user_id) is None:
            raise CannotVerify(
                f"{user_id} cannot be verified.",
                why="They have published no identity, or their server cannot be asked for it.",
                remedy="Try again once they have logged in on a device of theirs.",
            )
        room_id = self._room_with(user_id)
        content |= {
            "msgtype": messages.REQUEST,
            "to": user_id,
            "body": f"{account.user_id} asks you to compare emoji, so that each knows the other's keys. "
            "A client that can do so shows this as a question.",
        }
        transaction_id = f"{FLEETING}{secrets.token_hex(12)}"
        try:
            async with asyncio.timeout(_PATIENCE):
                sent = await self._outbox.send(room_id, content, "m.room.message", transaction_id)
        except TimeoutError:
            self._outbox.discard(transaction_id)  # later it would be a question that nobody asks any more
            raise CannotVerify(
                f"{user_id} could not be asked.",
                why="The homeserver does not answer.",
                remedy="Try again when the connection is back.",
            ) from None
        return RoomAddress(room_id, sent.event_id), []

    async def send(self, user_id: str, address: Address, action: Send) -> None:
        """Send a message that a verification wants sent. Raises what sending raises."""
        if isinstance(address, RoomAddress):
            transaction_id = f"{FLEETING}{secrets.token_hex(12)}"
            await self._outbox.send(address.room_id, action.content, action.type, transaction_id)
            return
        devices = [one for one in self._machine.devices.devices(user_id) if one.device_id in action.devices]
        if devices:
            self._machine.queue.put(action.type, [(device, action.content) for device in devices])
            await self._machine.queue.flush()

    async def _ask_devices(self, content: dict[str, Json]) -> tuple[Address, list[str]]:
        account = self._machine.account
        devices = [
            one
            for one in self._machine.devices.devices(account.user_id)
            if one.device_id != account.device_id
        ]
        if not devices:
            raise CannotVerify(
                "There is no other device to verify.",
                why=f"{account.user_id} is logged in nowhere else.",
                remedy="Log in on the other device first.",
            )
        address = ToDeviceAddress(secrets.token_urlsafe(18))
        body = address.bind({**content, "timestamp": int(time.time() * 1000)})
        self._machine.queue.put(messages.REQUEST, [(device, body) for device in devices])
        await self._machine.queue.flush()
        return address, [device.device_id for device in devices]

    def _room_with(self, user_id: str) -> str:
        """Return the smallest encrypted room that both are in: the fewest others see who verifies whom."""
        rooms = [
            (len(members), room.room_id)
            for room in self._rooms
            if room.membership is Membership.JOIN
            and room.encrypted
            and user_id in (members := room.users(Membership.JOIN))
        ]
        if not rooms:
            raise CannotVerify(
                f"There is no encrypted room with {user_id}.",
                why="Two people verify each other by messages in a room that both have joined.",
                remedy="Open a room with them first.",
            )
        return min(rooms)[1]
