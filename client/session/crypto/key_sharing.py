"""Giving a room's key to the devices that may have it, before a message is encrypted with it.

What is to be sent is queued in the store together with the Olm sessions that encrypted it, and counted as
shared only then: a process that dies goes on where it was, and a request that failed is sent again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import msgspec

from client.session.crypto.device_list import DeviceList
from client.session.crypto.inbound_sessions import OWN, InboundSessions
from client.session.crypto.olm_account import MEGOLM, OLM, OlmAccount
from client.session.crypto.olm_payload import compose
from client.session.crypto.olm_sessions import OlmSessions, OlmUnreadable
from client.session.crypto.one_time_keys import claim_one_time_keys
from client.session.crypto.outbound_sessions import OutboundSession, OutboundSessions, Rotation
from client.session.crypto.own_identity import OwnIdentity
from client.session.crypto.public_keys import Device
from client.session.crypto.recipients import trusted_devices
from client.session.crypto.to_device_queue import ToDeviceQueue
from client.session.errors import NobodyCanRead
from client.session.events import Json
from client.session.store.facts import Facts
from client.session.store.sqlcipher import Database
from client.session.transport import Transport


class KeySharing:
    """Shares the keys of our outbound sessions. `lock` guards the ratchets against the sync's own use."""

    def __init__(
        self,
        *,
        db: Database,
        transport: Transport,
        account: OlmAccount,
        identity: OwnIdentity | None,
        devices: DeviceList,
        olm: OlmSessions,
        inbound: InboundSessions,
        outbound: OutboundSessions,
        queue: ToDeviceQueue,
        lock: asyncio.Lock,
    ) -> None:
        self._db = db
        self._transport = transport
        self._account = account
        self._devices = devices
        self._olm = olm
        self._inbound = inbound
        self._outbound = outbound
        self._queue = queue
        self._lock = lock
        self._device_keys = b""
        self.use_identity(identity)

    def use_identity(self, identity: OwnIdentity | None) -> None:
        """Show our device as vouched for by `identity` in everything that is sent from now on."""
        keys = self._account.device_keys()
        signed = identity.self_signing.sign(keys, self._account.user_id) if identity else keys
        self._device_keys = msgspec.json.encode(signed)

    async def readers(self, users: Sequence[str]) -> frozenset[str]:
        """Return those of `users`, ourselves apart, with a device that would get a room key now."""
        self._devices.mark_stale(users)
        await self._devices.refresh(users)
        return frozenset(
            device.user_id
            for user in users
            if not self._is_blocked(user)
            for device in self._recipients([user])
            if device.user_id != self._account.user_id
        )

    async def shared_session(self, room_id: str, users: Sequence[str], rotation: Rotation) -> OutboundSession:
        """Return the room's session once every trusted device of `users` has its key.

        One call a room at a time. Raises NobodyCanRead, IdentityChanged, and what the transport raises.
        """
        await self._devices.refresh(users)
        recipients = self._recipients(users)
        self._refuse_monologue(users, recipients)
        session = self._outbound.current(room_id)
        now = int(time.time() * 1000)
        if session is None or session.is_worn(rotation, recipients, now):
            async with self._lock:
                session = self._begin(room_id)
        missing = session.missing(recipients)
        if missing:
            await self._share(session, missing)
        await self._queue.flush()
        return session

    async def begin_anew(self, devices: Sequence[Device]) -> None:
        """Begin a new Olm session with devices whose messages we can no longer read, and let them know.

        Matrix spec, end-to-end, "Recovering from undecryptable messages". Raises what the transport raises.
        """
        claimed = await claim_one_time_keys(self._transport, devices)
        await self._send(list(claimed), claimed, "m.dummy", b"{}")

    async def send(self, devices: Sequence[Device], type: str, content: bytes) -> None:
        """Send an encrypted to-device message to devices that the caller trusts; those out of reach get none.

        Raises what the transport raises.
        """
        strangers = [device for device in devices if not self._olm.has_session(device.curve25519)]
        claimed = await claim_one_time_keys(self._transport, strangers) if strangers else {}
        await self._send(devices, claimed, type, content)

    async def _send(
        self, devices: Sequence[Device], claimed: dict[Device, str], type: str, content: bytes
    ) -> None:
        async with self._lock:
            for device, key in claimed.items():
                self._begin_olm(device, key)
            reached = [device for device in devices if self._olm.has_session(device.curve25519)]
            with self._db.atomic():
                self._queue.put(
                    "m.room.encrypted",
                    [(device, self._encrypted(device, type, content)) for device in reached],
                )
                if self._olm.save_changes():
                    self._account.save(Facts(self._db))
        await self._queue.flush()

    def _begin(self, room_id: str) -> OutboundSession:
        with self._db.atomic():
            session = self._outbound.begin(room_id)
            self._inbound.add(
                room_id=room_id,
                session_id=session.session_id,
                session_key=session.vodozemac.session_key.to_base64(),
                sender_key=self._account.curve25519,
                signing_key=self._account.ed25519,
                sender=self._account.user_id,
                device_id=self._account.device_id,
                provenance=OWN,
            )
            self._inbound.save_changes()
        return session

    async def _share(self, session: OutboundSession, devices: list[Device]) -> None:
        strangers = [device for device in devices if not self._olm.has_session(device.curve25519)]
        claimed = await claim_one_time_keys(self._transport, strangers) if strangers else {}
        room_key = msgspec.json.encode(
            {
                "algorithm": MEGOLM,
                "room_id": session.room_id,
                "session_id": session.session_id,
                "session_key": session.vodozemac.session_key.to_base64(),
            }
        )
        async with self._lock:
            for device, key in claimed.items():
                self._begin_olm(device, key)
            reachable = [device for device in devices if self._olm.has_session(device.curve25519)]
            with self._db.atomic():
                self._queue.put(
                    "m.room.encrypted",
                    [(device, self._encrypted(device, "m.room_key", room_key)) for device in reachable],
                )
                self._outbound.note_shared(session, reachable)
                if self._olm.save_changes():
                    self._account.save(Facts(self._db))

    def _begin_olm(self, device: Device, key: str) -> None:
        try:
            self._olm.begin(device.curve25519, key)
        except OlmUnreadable:
            return  # a key that is no curve point: the device stays without, and is tried again next time

    def _encrypted(self, device: Device, type: str, content: bytes) -> dict[str, Json]:
        payload = compose(self._account, device, self._device_keys, type, content)
        return {
            "algorithm": OLM,
            "sender_key": self._account.curve25519,
            "ciphertext": {device.curve25519: self._olm.encrypt(device.curve25519, payload)},
        }

    def _recipients(self, users: Sequence[str]) -> list[Device]:
        return trusted_devices(users, self._devices, (self._account.user_id, self._account.device_id))

    def _is_blocked(self, user: str) -> bool:
        identity = self._devices.identity(user)
        return identity is not None and identity.changed

    def _refuse_monologue(self, users: Sequence[str], recipients: list[Device]) -> None:
        others = set(users) - {self._account.user_id}
        if others and not any(device.user_id in others for device in recipients):
            raise NobodyCanRead(
                "Nobody else in the room could read this, so it was not sent.",
                why="None of the other members has a device that they have vouched for.",
                remedy="Wait until one of them has logged in and verified a device.",
            )
