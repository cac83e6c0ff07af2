"""What travels inside an Olm message, and the checks that make it believable.

Matrix spec, end-to-end, "Validation of incoming decrypted events": the sender inside equals the sender
outside, we are the recipient, the payload was meant for our signing key, it names the sender's signing key,
and `sender_device_keys`, if there, are that sender's and hold the keys in use.
"""

from __future__ import annotations

import msgspec

from client.session.crypto.device_list import DeviceList
from client.session.crypto.olm_account import OlmAccount
from client.session.crypto.public_keys import BadKeys, Device, read_device
from client.session.events import Json
from client.session.foreign_json import decode, decode_flat

_ABSENT = msgspec.Raw(b"null")


class OlmPayload(msgspec.Struct):
    """The decrypted payload as it stands on the wire."""

    type: str
    content: msgspec.Raw
    sender: str
    recipient: str
    recipient_keys: dict[str, str]
    keys: dict[str, str]
    sender_device_keys: msgspec.Raw = _ABSENT


class _DeviceName(msgspec.Struct):
    device_id: str


class Envelope(msgspec.Struct, frozen=True):
    """A checked payload: who wrote it, by both keys of the device, and what it says.

    `device_id` is None when neither the payload nor the device list knows the device.
    """

    sender: str
    sender_key: str
    signing_key: str
    device_id: str | None
    type: str
    content: msgspec.Raw


class PayloadRejected(Exception):
    """A payload that was decrypted and is not believed."""


def compose(account: OlmAccount, recipient: Device, device_keys: bytes, type: str, content: bytes) -> bytes:
    """Return a payload for one device; `device_keys` (our own) and `content` are JSON already.

    Only two members differ from one recipient to the next, so the rest is encoded once for all of them.
    """
    head = msgspec.json.encode(
        {
            "type": type,
            "sender": account.user_id,
            "recipient": recipient.user_id,
            "recipient_keys": {"ed25519": recipient.ed25519},
            "keys": {"ed25519": account.ed25519},
        }
    )
    return b'%s,"content":%s,"sender_device_keys":%s}' % (head[:-1], content, device_keys)


def open_payload(
    plaintext: bytes, *, sender: str, sender_key: str, account: OlmAccount, devices: DeviceList
) -> Envelope:
    """Check a decrypted payload that came from `sender` by the session with `sender_key`.

    Raises PayloadRejected with the check that failed.
    """
    try:
        payload = decode_flat(plaintext, type=OlmPayload)
    except msgspec.DecodeError as error:
        raise PayloadRejected(f"not a payload: {error}") from None
    signing_key = payload.keys.get("ed25519")
    if payload.sender != sender:
        raise PayloadRejected("written by another user than the server says")
    if payload.recipient != account.user_id:
        raise PayloadRejected("meant for another user")
    if payload.recipient_keys.get("ed25519") != account.ed25519:
        raise PayloadRejected("meant for another device")
    if signing_key is None:
        raise PayloadRejected("without the sender's signing key")
    known = devices.find(sender, sender_key)
    if known is not None and known.ed25519 != signing_key:
        raise PayloadRejected("signed by another key than the sender's device has")
    device_id = known.device_id if known else None
    if bytes(payload.sender_device_keys) != bytes(_ABSENT):
        device_id = _checked_device_id(payload.sender_device_keys, sender, sender_key, signing_key, devices)
    return Envelope(sender, sender_key, signing_key, device_id, payload.type, payload.content)


def _checked_device_id(
    raw: msgspec.Raw, sender: str, sender_key: str, signing_key: str, devices: DeviceList
) -> str:
    try:
        device_id = decode_flat(raw, type=_DeviceName).device_id
        device = read_device(raw, sender, device_id, devices.identity(sender))
    except (BadKeys, msgspec.DecodeError) as error:
        raise PayloadRejected(f"with device keys that do not hold: {error}") from None
    if (device.curve25519, device.ed25519) != (sender_key, signing_key):
        raise PayloadRejected("with the keys of another device")
    return device_id


def json_object(raw: msgspec.Raw) -> dict[str, Json]:
    """Decode a payload's content. Raises PayloadRejected unless it is an object."""
    try:
        return decode(raw, type=dict[str, Json])
    except msgspec.DecodeError as error:
        raise PayloadRejected(f"its content is not an object: {error}") from None
