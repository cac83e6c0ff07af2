"""Giving a room's key to the devices that may have it, before a message is encrypted with it.

What is to be sent is queued in the store together with the Olm sessions that encrypted it, and counted as
shared only then: a process that dies goes on where it was, and a request that failed is sent again. Devices
that are left out are told so.
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
from client.session.crypto.outbound_sessions import OutboundSession, OutboundSessions
from client.session.crypto.own_identity import OwnIdentity
from client.session.crypto.public_keys import Device
from client.session.crypto.recipients import Recipients, recipients_of
from client.session.crypto.room_rules import RoomRules
from client.session.crypto.to_device_queue import ToDeviceQueue
from client.session.crypto.withheld_code import WithheldCode
from client.session.crypto.withholding import OwedKey, Withholding
from client.session.errors import IdentityChanged, NobodyCanRead, RoomSealed
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
        self._withholding = Withholding(db, account, queue)
        self._device_keys = b""
        self.use_identity(identity)

    def use_identity(self, identity: OwnIdentity | None) -> None:
        """Show our device as vouched for by `identity` in everything that is sent from now on."""
        keys = self._account.device_keys()
        signed = identity.self_signing.sign(keys, self._account.user_id) if identity else keys
        self._device_keys = msgspec.json.encode(signed)

    @property
    def owes(self) -> bool:
        """Whether any device may be owed a key that it could not be given."""
        return self._withholding.owes

    async def readers(self, users: Sequence[str], *, sealed: bool = False) -> frozenset[str]:
        """Return those of `users`, ourselves apart, with a device that would get a room key now."""
        self._devices.mark_stale(users)
        await self._devices.refresh(users)
        return frozenset(
            device.user_id
            for user in users
            for device in self._trusted(user, sealed=sealed)
            if device.user_id != self._account.user_id
        )

    async def shared_session(self, room_id: str, users: Sequence[str], rules: RoomRules) -> OutboundSession:
        """Return the room's session once every trusted device of `users` has its key.

        One call a room at a time. Raises NobodyCanRead, IdentityChanged, RoomSealed, and what the transport
        raises.
        """
        await self._devices.refresh(users)
        found = self._recipients(users, sealed=rules.sealed, comparing=rules.comparing)
        self._refuse_monologue(users, found.trusted)
        session = self._outbound.current(room_id)
        now = int(time.time() * 1000)
        if session is None or session.is_worn(rules, found.trusted, now):
            async with self._lock:
                session = self._begin(room_id, rules)
        self._withholding.forget_all_but(session, found.trusted)
        missing = session.missing(found.trusted)
        if missing:
            await self._share(session, missing)
        with self._db.atomic():
            self._withholding.leave_out(session, found.left_out, WithheldCode.UNVERIFIED)
        await self._queue.flush()
        return session

    async def pay_owed(self) -> None:
        """Give the keys that they are owed to devices with which there is an Olm session by now.

        Raises what the transport raises.
        """
        users = {
            owed.device[0] for owed in self._withholding.owed() if self._olm.has_session(owed.curve25519)
        }
        if not users:
            return
        await self._devices.refresh(users)
        devices = [device for user in sorted(users) for device in self._trusted(user)]
        async with self._lock:
            with self._db.atomic():
                self._pay([device for device in devices if self._olm.has_session(device.curve25519)])
                self._save_olm()
        await self._queue.flush()

    async def give_again(self, devices: Sequence[Device]) -> None:
        """Give devices that have begun anew with us the keys that they had: the last may never have arrived.

        They get no more than they were given before. Raises what the transport raises.
        """
        users = sorted({device.user_id for device in devices})
        trusted = {device for user in users for device in self._trusted(user)}
        async with self._lock:
            with self._db.atomic():
                for device in devices:
                    for session in self._outbound.shared_with(device) if device in trusted else ():
                        first = (device.user_id, device.device_id) in session.from_first
                        key = session.first_key if first else session.key
                        self._put_keys([(device, _room_key(session.room_id, session.session_id, key))])
                self._save_olm()
        await self._queue.flush()

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
                self._save_olm()
        await self._queue.flush()

    def _begin(self, room_id: str, rules: RoomRules) -> OutboundSession:
        with self._db.atomic():
            worn = self._outbound.current(room_id)
            if worn is not None:
                self._withholding.forget_worn(worn.session_id)
            session = self._outbound.begin(room_id, rules.history_visibility)
            self._inbound.add(
                room_id=room_id,
                session_id=session.session_id,
                session_key=session.key,
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
        room_key = _room_key(session.room_id, session.session_id, session.key)
        async with self._lock:
            for device, key in claimed.items():
                self._begin_olm(device, key)
            reached = [device for device in devices if self._olm.has_session(device.curve25519)]
            with self._db.atomic():
                self._pay(reached)
                new = session.missing(reached)
                self._put_keys([(device, room_key) for device in new])
                self._outbound.note_shared(session, new)
                unreached = [device for device in devices if device not in reached]
                self._withholding.leave_out(session, unreached, WithheldCode.NO_OLM)
                self._save_olm()

    def _pay(self, reached: Sequence[Device]) -> None:
        """Queue what the devices are owed, in the caller's transaction."""
        by_name = {(device.user_id, device.device_id): device for device in reached}
        for owed in self._withholding.owed() if self._withholding.owes else ():
            device = by_name.get(owed.device)
            if device is not None:
                self._put_keys([(device, _room_key(owed.room_id, owed.session_id, owed.session_key))])
                self._note_paid(owed, device)

    def _note_paid(self, owed: OwedKey, device: Device) -> None:
        session = self._outbound.current(owed.room_id)
        if session is not None and session.session_id == owed.session_id:
            self._outbound.note_shared(session, [device])
        self._withholding.paid(owed)

    def _put_keys(self, keys: Sequence[tuple[Device, bytes]]) -> None:
        self._queue.put(
            "m.room.encrypted",
            [(device, self._encrypted(device, "m.room_key", room_key)) for device, room_key in keys],
        )

    def _save_olm(self) -> None:
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

    def _recipients(self, users: Sequence[str], *, sealed: bool, comparing: bool = False) -> Recipients:
        own_device = (self._account.user_id, self._account.device_id)
        return recipients_of(users, self._devices, own_device, sealed=sealed, comparing=comparing)

    def _trusted(self, user: str, *, sealed: bool = False) -> list[Device]:
        """Return a user's devices that would get a key, none where that is for a person to decide."""
        try:
            return self._recipients([user], sealed=sealed).trusted
        except (IdentityChanged, RoomSealed):
            return []

    def _refuse_monologue(self, users: Sequence[str], recipients: list[Device]) -> None:
        others = set(users) - {self._account.user_id}
        if others and not any(device.user_id in others for device in recipients):
            raise NobodyCanRead(
                "Nobody else in the room could read this, so it was not sent.",
                why="None of the other members has a device that they have vouched for.",
                remedy="Wait until one of them has logged in and verified a device.",
            )


def _room_key(room_id: str, session_id: str, session_key: str) -> bytes:
    """Return the content of an `m.room_key`.

    It never says `shared_history`: nobody may pass the key on to who is invited later.
    """
    return msgspec.json.encode(
        {"algorithm": MEGOLM, "room_id": room_id, "session_id": session_id, "session_key": session_key}
    )
