"""The crypto engine of one device: its parts, put together around one store and one transport."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from client.session.attestations import Attestations
from client.session.crypto.device_list import DeviceList
from client.session.crypto.inbound_sessions import InboundSessions
from client.session.crypto.key_sharing import KeySharing
from client.session.crypto.olm_account import OlmAccount
from client.session.crypto.olm_sessions import OlmSessions
from client.session.crypto.outbound_sessions import OutboundSessions
from client.session.crypto.own_identity import OwnIdentity
from client.session.crypto.public_keys import Device
from client.session.crypto.publishing import publish_identity, publish_keys
from client.session.crypto.room_decryption import RoomDecryption
from client.session.crypto.to_device import ToDevice
from client.session.crypto.to_device_queue import ToDeviceQueue
from client.session.crypto.withheld_keys import Explained, WithheldKeys
from client.session.errors import StoreError
from client.session.store.facts import Fact, Facts
from client.session.store.sqlcipher import Database
from client.session.transport import Transport

_AN_HOUR = 3600.0


class Machine:
    """The parts of the engine. `lock` is held while ratchets turn and until they are saved.

    `clock` is monotonic, in seconds.
    """

    def __init__(
        self,
        db: Database,
        transport: Transport,
        attestations: Attestations | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        attestations = attestations or Attestations(None)
        facts = Facts(db)
        user_id, device_id = facts.text(Fact.USER_ID), facts.text(Fact.DEVICE_ID)
        account = OlmAccount.load(facts, user_id, device_id) if user_id and device_id else None
        identity = OwnIdentity.load(facts, account.user_id) if account else None
        if account is None:
            raise StoreError(
                "The store holds no device.",
                why="Its enrolment was never finished.",
                remedy="Log in again with `rogatory login`.",
            )
        self._db = db
        self._transport = transport
        self._clock = clock
        self._mended: dict[str, float] = {}
        self._given_again: dict[str, float] = {}
        self.account = account
        self.identity = identity
        """Our own identity; None on a device that it has not vouched for yet."""
        own_master_key = identity.master.public_key if identity else facts.text(Fact.OWN_MASTER_KEY)
        self.lock = asyncio.Lock()
        self.devices = DeviceList(db, transport, account.user_id, own_master_key, attestations.vouch_for)
        self.olm = OlmSessions(db, account)
        self.inbound = InboundSessions(db)
        self.outbound = OutboundSessions(db, account)
        self.queue = ToDeviceQueue(db, transport, account.device_id)
        self.withheld = WithheldKeys(db)
        self.to_device = ToDevice(account, self.devices, self.olm, self.inbound, self.withheld)
        self.decryption = RoomDecryption(
            db, self.inbound, self.withheld, self.devices, account.user_id, attestations
        )
        self.sharing = KeySharing(
            db=db,
            transport=transport,
            account=account,
            identity=identity,
            devices=self.devices,
            olm=self.olm,
            inbound=self.inbound,
            outbound=self.outbound,
            queue=self.queue,
            lock=self.lock,
        )

    def save_changes(self) -> set[Explained]:
        """Write what to-device messages changed, in the caller's transaction.

        Returns of which keys it is explained now why they do not come.
        """
        self.inbound.save_changes()
        if self.olm.save_changes():
            self.account.save(Facts(self._db))
        return self.withheld.save_changes()

    def adopt_identity(self, identity: OwnIdentity) -> None:
        """Make an identity that is proven to be ours this device's own, in the caller's transaction."""
        facts = Facts(self._db)
        identity.save(facts)
        facts.put(Fact.SIGNED, b"")
        self.pin_own_identity(identity.master.public_key)
        self.identity = identity
        self.sharing.use_identity(identity)

    def pin_own_identity(self, master_key: str) -> None:
        """Hold our own account to a master key that is proven to be ours, in the caller's transaction."""
        Facts(self._db).put(Fact.OWN_MASTER_KEY, master_key)
        self.devices.pin_own_identity(master_key)

    async def publish(self) -> None:
        """Finish an enrolment that was interrupted. Raises what the transport raises."""
        if Facts(self._db).get(Fact.PUBLISHED) is None:
            await publish_identity(self._transport, self._db, self.account, self.identity, self.lock)

    @property
    def needs_mending(self) -> bool:
        """Whether `mend` has anything to do."""
        return bool(self.to_device.wedged or self.to_device.begun_anew) or self.sharing.owes

    async def mend(self) -> None:
        """Begin new sessions with devices whose messages could not be read, once an hour with each.

        Devices that did so with us are given again what they may have lost, as often; those that could not be
        reached before, and can be now, get the keys that they are owed. Raises what the transport raises.
        """
        broken = self._not_lately(self.to_device.wedged, self._mended)
        if broken:
            await self.sharing.begin_anew(broken)
        begun = self._not_lately(self.to_device.begun_anew, self._given_again)
        if begun:
            await self.sharing.give_again(begun)
        if self.sharing.owes:
            await self.sharing.pay_owed()

    def _not_lately(self, devices: set[Device], done: dict[str, float]) -> list[Device]:
        """Empty `devices`; return those with which it was not `done` within the hour, noting that it is."""
        now = self._clock()
        due = [one for one in devices if now - done.get(one.curve25519, -_AN_HOUR) >= _AN_HOUR]
        devices.clear()
        done.update({device.curve25519: now for device in due})
        return due

    async def replenish(self, one_time_keys_left: int, *, fallback_unused: bool) -> None:
        """Publish new one-time keys where the server runs low. Raises what the transport raises."""
        await publish_keys(
            self._transport,
            self._db,
            self.account,
            self.identity,
            on_server=one_time_keys_left,
            fallback_unused=fallback_unused,
            lock=self.lock,
        )
