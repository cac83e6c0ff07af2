"""Secrets between the devices of one account: asked for openly, given encrypted (Matrix spec, "Sharing").

They are given only to devices for which our identity vouches, and taken only from such ones, on request, and
only if they are what the server shows the public half of: a wrong secret is no secret.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
from collections.abc import Sequence

import msgspec

from client.session.crypto.key_backup.key_backup import KeyBackup
from client.session.crypto.key_backup.session_data import public_key_of
from client.session.crypto.machine import Machine
from client.session.crypto.own_identity import CrossSigningKey, OwnIdentity
from client.session.crypto.public_keys import Device
from client.session.crypto.published_identity import published_identity
from client.session.crypto.secret_message import SEND, SecretMessage, SecretRequest, SecretSend
from client.session.crypto.secret_storage.sealed_secret import from_base64
from client.session.crypto.secret_storage.secret_storage import SecretName
from client.session.events import Json
from client.session.transport import Transport

_log = logging.getLogger(__name__)
_ASK_AGAIN = 60.0
"""Seconds until the other devices are asked anew: one of them may have come online, or vouched for us."""
_USAGES = {
    SecretName.MASTER: "master",
    SecretName.SELF_SIGNING: "self_signing",
    SecretName.USER_SIGNING: "user_signing",
}


class SecretSharing:
    """Asks for and gives the account's secrets."""

    def __init__(self, transport: Transport, machine: Machine, backup: KeyBackup) -> None:
        self._transport = transport
        self._machine = machine
        self._backup = backup
        self._asked: dict[str, SecretName] = {}
        self._seeds: dict[SecretName, bytes] = {}
        self._asked_at: float | None = None

    @property
    def lacks(self) -> bool:
        """Whether secrets are missing that another of our devices could give: ours is proven to it."""
        return self._machine.identity is None and self._machine.devices.own_identity_is_proven

    async def ask(self) -> None:
        """Ask our other devices for what is missing, once in a while. Raises what the transport raises."""
        now = asyncio.get_running_loop().time()
        if not self.lacks or (self._asked_at is not None and now - self._asked_at < _ASK_AGAIN):
            return
        own, machine = self._machine.account.user_id, self._machine
        await machine.devices.refresh([own])
        ourselves = machine.devices.find(own, machine.account.curve25519)
        others = [device for device in self._vouched_devices() if device != ourselves]
        if ourselves is None or not ourselves.signed or not others:
            return
        self._asked_at = now
        self._asked = {secrets.token_urlsafe(18): name for name in SecretName}
        for request_id, name in self._asked.items():
            content: dict[str, Json] = {
                "action": "request",
                "name": name.value,
                "request_id": request_id,
                "requesting_device_id": machine.account.device_id,
            }
            machine.queue.put("m.secret.request", [(device, content) for device in others])
        await machine.queue.flush()

    async def take(self, messages: Sequence[SecretMessage]) -> OwnIdentity | None:
        """Answer requests, and take in what we asked for; return our identity once it is whole.

        Messages of others, and of devices that nobody vouches for, are dropped. Raises what the transport
        raises.
        """
        identity = None
        for message in messages:
            if message.sender != self._machine.account.user_id:
                _log.warning("A message about secrets from another account was dropped")
            elif isinstance(message.content, SecretRequest):
                await self._answer(message.content)
            elif message.sender_key is not None:
                identity = await self._take_secret(message.sender_key, message.content) or identity
        return identity

    async def _answer(self, request: SecretRequest) -> None:
        secret = self._secret(request.name)
        if request.action != "request" or secret is None:
            return
        own = self._machine.account.user_id
        self._machine.devices.mark_stale([own])  # it may have been vouched for, or removed, just now
        await self._machine.devices.refresh([own])
        for device in self._vouched_devices():
            if device.device_id == request.requesting_device_id != self._machine.account.device_id:
                content = {"request_id": request.request_id, "secret": _base64(secret)}
                await self._machine.sharing.send([device], SEND, msgspec.json.encode(content))
                return
        _log.warning("A secret was asked for by a device that nobody vouches for, and was not given")

    async def _take_secret(self, sender_key: str, sent: SecretSend) -> OwnIdentity | None:
        name = self._asked.get(sent.request_id)
        if name is None or not any(device.curve25519 == sender_key for device in self._vouched_devices()):
            _log.warning("A secret that was not asked for, or not of whom, was dropped")
            return None
        try:
            secret = from_base64(sent.secret)
        except ValueError:
            return None
        if len(secret) != 32:
            return None
        del self._asked[sent.request_id]
        if name is SecretName.BACKUP:
            await self._take_backup_key(secret)
            return None
        self._seeds[name] = secret
        return await self._whole_identity()

    async def _whole_identity(self) -> OwnIdentity | None:
        if self._seeds.keys() != _USAGES.keys():
            return None
        own = self._machine.account.user_id
        keys = [CrossSigningKey(usage, self._seeds[name]) for name, usage in _USAGES.items()]
        self._seeds = {}
        identity = OwnIdentity(own, *keys)
        published = await published_identity(self._transport, own)
        pinned = self._machine.devices.identity(own)
        if published is None or not published.is_of(identity) or pinned is None or pinned.changed:
            _log.warning("An identity that another device gave is not the one that was proven to be ours")
            return None
        return identity

    async def _take_backup_key(self, secret: bytes) -> None:
        await self._backup.check()
        shown = self._backup.shown
        if shown is not None and shown.public_key == public_key_of(secret):
            self._backup.keep_private_key(secret)
            self._backup.use(shown)

    def _secret(self, name: str) -> bytes | None:
        identity = self._machine.identity
        if identity is None:
            return None
        held = {
            SecretName.MASTER: identity.master.seed,
            SecretName.SELF_SIGNING: identity.self_signing.seed,
            SecretName.USER_SIGNING: identity.user_signing.seed,
            SecretName.BACKUP: self._backup.private_key,
        }
        return next((secret for known, secret in held.items() if known.value == name), None)

    def _vouched_devices(self) -> list[Device]:
        """Return the account's devices that its proven identity vouches for."""
        devices, own = self._machine.devices, self._machine.account.user_id
        identity = devices.identity(own)
        if not devices.own_identity_is_proven or identity is None or identity.changed:
            return []
        return [device for device in devices.devices(own) if device.signed]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode()
