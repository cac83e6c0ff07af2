"""Whose keys we follow: the devices and identities of the users whom we share an encrypted room with."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Collection, Iterable

import msgspec

from client.session.crypto.public_keys import BadKeys, Device, Identity, read_device, read_identity
from client.session.crypto.verification.verified_keys import VerifiedKeys
from client.session.events import Json
from client.session.store.sqlcipher import Database
from client.session.transport import Transport
from client.session.wire import CLIENT, read_answer

_log = logging.getLogger(__name__)
_USER_ID = re.compile(r"@[^:\0]*:[^\0]+", re.DOTALL)
_ROUNDS = 3
"""How often a query is repeated because the answer was out of date before it came."""


class _KeysAnswer(msgspec.Struct):
    device_keys: dict[str, msgspec.Raw] = {}
    master_keys: dict[str, msgspec.Raw] = {}
    self_signing_keys: dict[str, msgspec.Raw] = {}
    failures: dict[str, msgspec.Raw] = {}


class DeviceList:
    """The users we follow, with their devices and identities: in memory, and in the store.

    `own_user_id` is our own account, whose identity is pinned to `own_master_key`, once that is proven.
    `vouched` tells whether an authority attests a user's master key: a changed identity that it attests is
    pinned without asking.
    """

    def __init__(
        self,
        db: Database,
        transport: Transport,
        own_user_id: str,
        own_master_key: str | None,
        vouched: Callable[[str, str], bool] = lambda _user, _key: False,
    ) -> None:
        self._db = db
        self._vouched = vouched
        self._transport = transport
        self._own = (own_user_id, own_master_key)
        self._query = asyncio.Lock()
        self._stale: dict[str, bool] = {}
        self._generation: dict[str, int] = {}
        self._identities: dict[str, Identity] = {}
        self._devices: dict[str, dict[str, Device]] = {}
        self._absent: dict[str, dict[str, Device]] = {}
        self.verified = VerifiedKeys(db)
        self._load()

    def devices(self, user_id: str) -> Collection[Device]:
        """Return the devices that a user has now."""
        return self._devices.get(user_id, {}).values()

    def identity(self, user_id: str) -> Identity | None:
        """Return a user's identity, or None where none is known."""
        return self._identities.get(user_id)

    @property
    def own_identity_is_proven(self) -> bool:
        """Whether our own identity is more to this device than what the server shows."""
        return self._own[1] is not None

    def is_certain(self, user_id: str) -> bool:
        """Return whether an identity is more than pinned: verified here, attested, or proven our own."""
        identity = self._identities.get(user_id)
        if identity is None or identity.changed:
            return False
        if user_id == self._own[0]:
            return self.own_identity_is_proven
        return self.verified.holds(identity) or self._vouched(user_id, identity.master_key)

    def pin_own_identity(self, master_key: str) -> None:
        """Hold our own account to an identity that is proven to be ours."""
        self._own = (self._own[0], master_key)
        identity = self._identities.get(self._own[0])
        if identity is not None:
            pinned = msgspec.structs.replace(identity, pinned_master_key=master_key)
            self._identities[self._own[0]] = pinned
            self._save([], [pinned], [])

    def find(self, user_id: str, curve25519: str) -> Device | None:
        """Return a user's device by its identity key, a removed one too: its messages stay its own."""
        known = [*self._devices.get(user_id, {}).values(), *self._absent.get(user_id, {}).values()]
        return next((device for device in known if device.curve25519 == curve25519), None)

    def unknown(self, users: Iterable[str]) -> set[str]:
        """Return those of `users` whose keys are not known as of now; never what is no user id.

        A server may name anything as a sender, and one wrong name would have the whole query refused.
        """
        return {user for user in users if self._stale.get(user, True) and _USER_ID.fullmatch(user)}

    def mark_changed(self, users: Iterable[str]) -> None:
        """Note that the server told of changed keys; within the transaction that stores the sync."""
        changed = [user for user in users if user in self._stale]
        for user in changed:
            self._stale[user] = True
            self._generation[user] = self._generation.get(user, 0) + 1
        self._db.conn.executemany(
            "UPDATE tracked_users SET stale = 1 WHERE user_id = ?", [(user,) for user in changed]
        )

    def mark_stale(self, users: Iterable[str]) -> None:
        """Have the next `refresh` ask for the keys of `users` anew."""
        for user in users:
            self._stale[user] = True

    def forget(self, users: Iterable[str]) -> None:
        """Stop following users who share no room with us; what is known of them stays pinned."""
        left = [user for user in users if self._stale.pop(user, None) is not None]
        self._db.conn.executemany("DELETE FROM tracked_users WHERE user_id = ?", [(user,) for user in left])

    def accept_vouched(self, users: Iterable[str]) -> None:
        """Pin the identities of those of `users` whose change an authority attests, now that it may."""
        for user in users:
            identity = self._identities.get(user)
            if identity is None or not identity.changed or user == self._own[0]:
                continue
            if self._vouched(user, identity.master_key):
                self.accept_identity(user)

    def accept_identity(self, user_id: str) -> None:
        """Pin a user's identity of today: a person has decided that the change is genuine."""
        identity = self._identities.get(user_id)
        if identity is not None:
            accepted = msgspec.structs.replace(identity, pinned_master_key=identity.master_key)
            self._identities[user_id] = accepted
            self._save([], [accepted], [])

    async def refresh(self, users: Iterable[str]) -> set[str]:
        """Ask for the keys of those of `users` that are out of date; return those that still are.

        They are those whose server could not be asked. Raises what the transport raises.
        """
        wanted = set(users)
        async with self._query:
            for _ in range(_ROUNDS):
                missing = self.unknown(wanted)
                if not missing:
                    return set()
                generations = {user: self._generation.get(user, 0) for user in missing}
                body: dict[str, Json] = {
                    "device_keys": {user: [] for user in sorted(missing)},
                    "timeout": 10_000,
                }
                raw = await self._transport.request("POST", f"{CLIENT}/keys/query", body=body)
                answer = read_answer(raw, _KeysAnswer)
                failed = {user for user in missing if user.partition(":")[2] in answer.failures}
                self._apply(answer, missing - failed, generations)
                if failed >= self.unknown(wanted):
                    return failed
        return self.unknown(wanted)

    def _apply(self, answer: _KeysAnswer, users: set[str], generations: dict[str, int]) -> None:
        devices: list[tuple[Device, bool]] = []
        identities: list[Identity] = []
        for user in users:
            identity = self._read_identity(answer, user)
            if identity is not None and identity != self._identities.get(user):
                self._identities[user] = identity
                identities.append(identity)
            devices.extend(self._read_devices(answer, user))
            # An answer that was overtaken by a newer change does not count as fresh.
            self._stale[user] = self._generation.get(user, 0) != generations[user]
        self._save(devices, identities, users)

    def _read_identity(self, answer: _KeysAnswer, user: str) -> Identity | None:
        raw = answer.master_keys.get(user)
        if raw is None:
            return None
        try:
            master, self_signing = read_identity(user, raw, answer.self_signing_keys.get(user))
        except BadKeys as error:
            _log.warning("The identity of %.200r is not believed: %.200s", user, error)
            return None
        return Identity(user, master, self_signing, self._pinned(user, master))

    def _pinned(self, user: str, master: str) -> str:
        """Return the master key that a user's identity is held to, now that it shows `master`."""
        if user == self._own[0] and self._own[1] is not None:
            return self._own[1]
        known = self._identities.get(user)
        if known is None or (known.pinned_master_key != master and self._vouched(user, master)):
            return master
        return known.pinned_master_key

    def _read_devices(self, answer: _KeysAnswer, user: str) -> list[tuple[Device, bool]]:
        """Take in a user's devices; return those that are new or changed, and whether each is there."""
        present: dict[str, Device] = {}
        known = {**self._absent.get(user, {}), **self._devices.get(user, {})}
        try:
            objects = msgspec.json.decode(
                answer.device_keys.get(user, msgspec.Raw(b"{}")), type=dict[str, msgspec.Raw]
            )
        except msgspec.DecodeError as error:
            _log.warning("The devices of %.200r cannot be read: %.200s", user, error)
            objects = {}
        for device_id, raw in objects.items():
            try:
                device = read_device(raw, user, device_id, self._identities.get(user))
            except BadKeys as error:
                _log.warning("Device %.200r of %.200r is not believed: %.200s", device_id, user, error)
                continue
            before = known.get(device_id)
            if before and (before.ed25519, before.curve25519) != (device.ed25519, device.curve25519):
                _log.warning(
                    "Device %.200r of %.200r came with other keys, which are refused", device_id, user
                )
                continue
            present[device_id] = device
        gone = {name: device for name, device in known.items() if name not in present}
        changes = [(device, True) for name, device in present.items() if device != known.get(name)]
        changes += [(device, True) for name, device in present.items() if name in self._absent.get(user, {})]
        changes += [(device, False) for name, device in gone.items() if name in self._devices.get(user, {})]
        self._devices[user], self._absent[user] = present, gone
        return changes

    def _save(
        self, devices: list[tuple[Device, bool]], identities: list[Identity], users: Iterable[str]
    ) -> None:
        with self._db.atomic():
            self._db.conn.executemany(
                "INSERT OR REPLACE INTO devices VALUES (?, ?, ?, ?, ?, ?)",
                [(d.user_id, d.device_id, d.curve25519, d.ed25519, d.signed, there) for d, there in devices],
            )
            self._db.conn.executemany(
                "INSERT OR REPLACE INTO identities VALUES (?, ?, ?, ?)",
                [msgspec.structs.astuple(identity) for identity in identities],
            )
            self._db.conn.executemany(
                "INSERT OR REPLACE INTO tracked_users VALUES (?, ?)",
                [(user, self._stale[user]) for user in users],
            )

    def _load(self) -> None:
        for row in self._db.execute("SELECT * FROM identities"):
            self._identities[row[0]] = Identity(*row)
        for user, name, curve25519, ed25519, signed, present in self._db.execute("SELECT * FROM devices"):
            device = Device(user, name, curve25519, ed25519, bool(signed))
            where = self._devices if present else self._absent
            where.setdefault(device.user_id, {})[device.device_id] = device
        # A change may have been missed while we were away only if the server did not tell us in a sync,
        # and it tells all of them since the stored token: what was fresh stays fresh.
        self._stale = {
            user: bool(stale) for user, stale in self._db.execute("SELECT user_id, stale FROM tracked_users")
        }
