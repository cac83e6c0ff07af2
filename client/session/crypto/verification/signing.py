"""Signing what was verified, for our other devices to see (Matrix spec, POST /keys/signatures/upload)."""

from __future__ import annotations

import logging

import msgspec

from client.session.crypto.machine import Machine
from client.session.crypto.own_identity import OwnIdentity
from client.session.crypto.public_keys import BadKeys, checked_device, read_identity
from client.session.crypto.verification.actions import Trust
from client.session.crypto.verification.verified_keys import VerifiedKey
from client.session.errors import HomeserverRefused, HomeserverUnreachable, LimitExceeded, LoggedOut
from client.session.events import Json
from client.session.foreign_json import decode
from client.session.store.sqlcipher import Database
from client.session.transport import Transport
from client.session.wire import CLIENT, read_answer

_log = logging.getLogger(__name__)


class _Keys(msgspec.Struct):
    device_keys: dict[str, dict[str, msgspec.Raw]] = {}
    master_keys: dict[str, msgspec.Raw] = {}


class _Failures(msgspec.Struct):
    failures: dict[str, dict[str, msgspec.Raw]] = {}


class Signing:
    """Signs devices of ours by the self-signing key, others' identities by the user-signing key."""

    def __init__(self, db: Database, transport: Transport, machine: Machine) -> None:
        self._db = db
        self._transport = transport
        self._machine = machine
        self._devices = machine.devices
        self._verified = machine.devices.verified

    async def trust(self, proof: Trust) -> bool:
        """Remember for good that a party's keys are proven, and publish it; return whether that succeeded."""
        theirs, master_key = proof.theirs, proof.theirs.master_key if proof.master_proven else None
        with self._db.atomic():
            if theirs.user_id == self._machine.account.user_id:
                key = VerifiedKey(theirs.user_id, theirs.device_id, theirs.device_key)
                if master_key is not None and not self._devices.own_identity_is_proven:
                    self._machine.pin_own_identity(master_key)
            elif master_key is not None:
                key = VerifiedKey(theirs.user_id, None, master_key)
                self._accept(theirs.user_id, master_key)
            else:
                return False
            self._verified.add(key)
        return await self._publish(key)

    def _accept(self, user_id: str, master_key: str) -> None:
        """A changed identity that has been verified is the one to hold to from now on."""
        identity = self._devices.identity(user_id)
        if identity is not None and identity.master_key == master_key:
            self._devices.accept_identity(user_id)

    async def resume(self) -> None:
        """Publish what an earlier session could not."""
        for key in self._verified.unpublished():
            await self._publish(key)

    async def _publish(self, key: VerifiedKey) -> bool:
        identity = self._machine.identity
        if identity is None:
            return False  # until this device has our own identity's keys, it can sign nothing
        try:
            signed = await self._signed(key, identity)
            if signed is None:
                self._verified.published(key)  # the server shows another key now: there is nothing to sign
                return False
            body: dict[str, Json] = {key.user_id: {key.device_id or key.public_key: signed}}
            raw = await self._transport.request("POST", f"{CLIENT}/keys/signatures/upload", body=body)
            failures = read_answer(raw, _Failures).failures
            if failures.get(key.user_id):
                _log.warning("The homeserver did not take the signature of a key of %r", key.user_id)
                return False
            self._verified.published(key)
            self._devices.mark_stale([key.user_id])
            await self._devices.refresh([key.user_id])
        except (HomeserverUnreachable, LimitExceeded, LoggedOut) as error:
            _log.info("A signature waits to be published: %s", error.why)
            return False
        except HomeserverRefused as refusal:
            _log.warning("The homeserver refused the signature of a key: %s", refusal.errcode)
            return False
        return True

    async def _signed(self, key: VerifiedKey, identity: OwnIdentity) -> dict[str, Json] | None:
        """Return the server's object of a key with our signature, or None when it shows another key."""
        body: dict[str, Json] = {"device_keys": {key.user_id: []}, "timeout": 10_000}
        raw = await self._transport.request("POST", f"{CLIENT}/keys/query", body=body)
        answer = read_answer(raw, _Keys)
        try:
            if key.device_id is None:
                obj = _object(answer.master_keys.get(key.user_id))
                found, _ = read_identity(key.user_id, msgspec.Raw(msgspec.json.encode(obj)), None)
            else:
                obj = _object(answer.device_keys.get(key.user_id, {}).get(key.device_id))
                found = checked_device(obj, key.user_id, key.device_id, None).ed25519
        except BadKeys as error:
            _log.warning("A key of %r that was verified is not signed: %s", key.user_id, error)
            return None
        if found != key.public_key:
            _log.warning("A key of %r that was verified has been exchanged by the server", key.user_id)
            return None
        obj.pop("unsigned", None)
        signing_key = identity.user_signing if key.device_id is None else identity.self_signing
        return signing_key.sign(obj, identity.user_id)


def _object(raw: msgspec.Raw | None) -> dict[str, Json]:
    if raw is None:
        raise BadKeys("the server does not have it any more")
    try:
        return decode(raw, type=dict[str, Json])
    except msgspec.DecodeError as error:
        raise BadKeys(str(error)) from None
