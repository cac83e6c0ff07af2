"""The public keys of users as their servers tell them, each checked before it is believed.

A chain holds when the device is signed by the self-signing key and that by the master key (Matrix spec,
end-to-end, "Cross-signing"). What does not check out is left out, and costs nobody else anything.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from client.session.events import Json
from client.session.foreign_json import decode
from policies.trust.errors import TrustError
from policies.trust.signing import decode_base64, verify_object


class Device(msgspec.Struct, frozen=True):
    """A device whose own signature holds. `signed`: its owner's self-signing key vouches for it."""

    user_id: str
    device_id: str
    curve25519: str
    ed25519: str
    signed: bool


class Identity(msgspec.Struct, frozen=True):
    """A user's cross-signing identity; `pinned_master_key` is the one we saw first, or accepted since."""

    user_id: str
    master_key: str
    self_signing_key: str | None
    pinned_master_key: str

    @property
    def changed(self) -> bool:
        """Whether it is no longer the identity that was pinned: nothing is sent until a person decides."""
        return self.master_key != self.pinned_master_key


class BadKeys(Exception):
    """A key object is not what it says it is."""


def read_identity(
    user_id: str, master: msgspec.Raw, self_signing: msgspec.Raw | None
) -> tuple[str, str | None]:
    """Return a user's master key and self-signing key (None where it does not hold). Raises BadKeys."""
    master_key = _cross_signing_key(_object(master), user_id, "master")
    return master_key, read_signed_key(user_id, self_signing, "self_signing", master_key)


def read_signed_key(user_id: str, raw: msgspec.Raw | None, usage: str, master_key: str) -> str | None:
    """Return a user's self_signing or user_signing key, or None unless the master key signs it."""
    if raw is None:
        return None
    try:
        obj = _object(raw)
        key = _cross_signing_key(obj, user_id, usage)
        verify_object(obj, user_id, f"ed25519:{master_key}", master_key)
    except (BadKeys, TrustError):
        return None
    return key


def read_device(raw: msgspec.Raw, user_id: str, device_id: str, identity: Identity | None) -> Device:
    """Return a device from a /keys/query answer or from `sender_device_keys`. Raises BadKeys."""
    return checked_device(_object(raw), user_id, device_id, identity)


def checked_device(
    obj: Mapping[str, Json], user_id: str, device_id: str, identity: Identity | None
) -> Device:
    """Return the device that a decoded object describes. Raises BadKeys unless its own signature holds."""
    if obj.get("user_id") != user_id or obj.get("device_id") != device_id:
        raise BadKeys("the device names another user or another device")
    keys = obj.get("keys")
    if not isinstance(keys, dict):
        raise BadKeys("the device has no keys")
    curve25519, ed25519 = keys.get(f"curve25519:{device_id}"), keys.get(f"ed25519:{device_id}")
    if not isinstance(curve25519, str) or not isinstance(ed25519, str):
        raise BadKeys("the device lacks one of its two keys")
    if identity is not None and device_id in (identity.master_key, identity.self_signing_key):
        raise BadKeys("the device calls itself like a cross-signing key")
    try:
        if len(decode_base64(curve25519)) != 32:
            raise BadKeys("the device's identity key has the wrong length")
        verify_object(obj, user_id, f"ed25519:{device_id}", ed25519)
    except TrustError as error:
        raise BadKeys(error.why) from None
    return Device(user_id, device_id, curve25519, ed25519, _is_signed(obj, user_id, identity))


def _is_signed(obj: Mapping[str, Json], user_id: str, identity: Identity | None) -> bool:
    if identity is None or identity.self_signing_key is None:
        return False
    key = identity.self_signing_key
    try:
        verify_object(obj, user_id, f"ed25519:{key}", key)
    except TrustError:
        return False
    return True


def _object(raw: msgspec.Raw) -> dict[str, Json]:
    try:
        return decode(raw, type=dict[str, Json])
    except msgspec.DecodeError as error:
        raise BadKeys(str(error)) from None


def _cross_signing_key(obj: Mapping[str, Json], user_id: str, usage: str) -> str:
    keys, usages = obj.get("keys"), obj.get("usage")
    if obj.get("user_id") != user_id or not isinstance(usages, list) or usage not in usages:
        raise BadKeys(f"the {usage} key is another user's or for another use")
    if not isinstance(keys, dict) or len(keys) != 1:
        raise BadKeys(f"the {usage} key is not one key")
    [(name, key)] = keys.items()
    if not isinstance(key, str) or name != f"ed25519:{key}":
        raise BadKeys(f"the {usage} key is not named after itself")
    try:
        if len(decode_base64(key)) != 32:
            raise BadKeys(f"the {usage} key has the wrong length")
    except TrustError:
        raise BadKeys(f"the {usage} key is not Base64") from None
    return key
