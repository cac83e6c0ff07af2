"""Reading what other devices send to ours. Whatever one message holds, the next is read."""

from __future__ import annotations

import logging

import msgspec

from client.session.crypto.device_list import DeviceList
from client.session.crypto.inbound_sessions import DIRECT, InboundSessions, KeyRefused
from client.session.crypto.olm_account import MEGOLM, OLM, OlmAccount
from client.session.crypto.olm_payload import Envelope, PayloadRejected, open_payload
from client.session.crypto.olm_sessions import OlmSessions, OlmUnreadable
from client.session.crypto.public_keys import Device
from client.session.crypto.secret_message import SecretMessage, read_secret_message
from client.session.crypto.verification.incoming import Incoming, incoming_to_device
from client.session.crypto.withheld_code import WITHHELD
from client.session.crypto.withheld_keys import WithheldKeys
from client.session.foreign_json import decode_flat

_log = logging.getLogger(__name__)


class _ToDeviceEvent(msgspec.Struct):
    type: str
    sender: str
    content: msgspec.Raw


class _Ciphertext(msgspec.Struct):
    type: int
    body: str


class _OlmContent(msgspec.Struct):
    algorithm: str
    sender_key: str
    ciphertext: dict[str, _Ciphertext]


class _RoomKey(msgspec.Struct):
    algorithm: str
    room_id: str
    session_id: str
    session_key: str


class ToDevice:
    """Takes in to-device messages: into the Olm sessions and the room keys, in memory until saved."""

    def __init__(
        self,
        account: OlmAccount,
        devices: DeviceList,
        olm: OlmSessions,
        inbound: InboundSessions,
        withheld: WithheldKeys,
    ) -> None:
        self._account = account
        self._devices = devices
        self._olm = olm
        self._inbound = inbound
        self._withheld = withheld
        self.verification: list[Incoming] = []
        """Messages of verifications; whoever commits the sync takes them."""
        self.secrets: list[SecretMessage] = []
        """Messages about the account's secrets; whoever commits the sync takes them."""
        self.wedged: set[Device] = set()
        """Known devices that wrote what could not be read, or cannot reach us: a new session shall begin."""

        self.begun_anew: set[Device] = set()
        """Known devices that have begun a new session with us: something may not have reached them."""

    def receive(self, raw: msgspec.Raw) -> tuple[str, str] | None:
        """Read one message; return (room id, session id) of a room key that lets us read more.

        Never raises for what a message holds: it is logged once, without its content, and dropped.
        """
        try:
            event = decode_flat(raw, type=_ToDeviceEvent)
            if event.type != "m.room.encrypted":
                self._set_aside(event.sender, None, event.type, event.content)
                return None
            envelope = self._opened(event)
            if envelope.type == "m.room_key":
                return self._take_room_key(envelope)
            if envelope.type == "m.dummy":
                self._note_begun_anew(envelope)
            self._set_aside(envelope.sender, envelope.sender_key, envelope.type, envelope.content)
        except msgspec.DecodeError:
            _log.warning("A to-device message was dropped: malformed")
        except (OlmUnreadable, PayloadRejected, KeyRefused) as reason:
            _log.warning("A to-device message was dropped: %.200s", reason)
        return None

    def _set_aside(self, sender: str, sender_key: str | None, type: str, content: msgspec.Raw) -> None:
        if type == WITHHELD:
            self._take_withheld(sender, content)
            return
        secret = read_secret_message(sender, sender_key, type, content)
        if secret is not None:
            self.secrets.append(secret)
        message = incoming_to_device(sender, type, content)
        if message is not None:
            self.verification.append(message)

    def sender(self, raw: msgspec.Raw) -> str | None:
        """Return who is said to have sent an encrypted message, to have their keys at hand in time."""
        try:
            event = decode_flat(raw, type=_ToDeviceEvent)
        except msgspec.DecodeError:
            return None
        return event.sender if event.type == "m.room.encrypted" else None

    def _opened(self, event: _ToDeviceEvent) -> Envelope:
        content = decode_flat(event.content, type=_OlmContent)
        ours = content.ciphertext.get(self._account.curve25519)
        if content.algorithm != OLM or ours is None:
            raise OlmUnreadable("not encrypted for this device")
        try:
            plaintext = self._olm.decrypt(content.sender_key, ours.type, ours.body)
        except OlmUnreadable:
            device = self._devices.find(event.sender, content.sender_key)
            if device is not None:
                self.wedged.add(device)
            raise
        return open_payload(
            plaintext,
            sender=event.sender,
            sender_key=content.sender_key,
            account=self._account,
            devices=self._devices,
        )

    def _note_begun_anew(self, envelope: Envelope) -> None:
        device = self._devices.find(envelope.sender, envelope.sender_key)
        if device is not None:
            self.begun_anew.add(device)

    def _take_withheld(self, sender: str, content: msgspec.Raw) -> None:
        """Note why there is no key; a device that has no session with us is offered one (Matrix spec)."""
        taken = self._withheld.take(sender, content)
        if taken is None:
            return
        (_, _, session_id), sender_key = taken
        device = None if session_id else self._devices.find(sender, sender_key)
        if device is not None:
            self.wedged.add(device)

    def _take_room_key(self, envelope: Envelope) -> tuple[str, str] | None:
        key = decode_flat(envelope.content, type=_RoomKey)
        if key.algorithm != MEGOLM:
            raise KeyRefused("the room key is for an algorithm that is not used here")
        better = self._inbound.add(
            room_id=key.room_id,
            session_id=key.session_id,
            session_key=key.session_key,
            sender_key=envelope.sender_key,
            signing_key=envelope.signing_key,
            sender=envelope.sender,
            device_id=envelope.device_id,
            provenance=DIRECT,
        )
        self._withheld.came(envelope.sender, key.room_id, key.session_id)
        return (key.room_id, key.session_id) if better else None
