"""Claiming one-time keys of other devices, each believed only with its device's signature."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from client.session.crypto.olm_account import SIGNED_KEY
from client.session.crypto.public_keys import Device
from client.session.events import Json
from client.session.foreign_json import decode
from client.session.transport import Transport
from client.session.wire import CLIENT, read_answer
from policies.trust.errors import TrustError
from policies.trust.signing import verify_object

_log = logging.getLogger(__name__)


class _ClaimAnswer(msgspec.Struct):
    one_time_keys: dict[str, msgspec.Raw] = {}


async def claim_one_time_keys(transport: Transport, devices: Sequence[Device]) -> dict[Device, str]:
    """Claim a key for each device in one request; devices without a valid one are left out.

    Raises what the transport raises.
    """
    wanted: dict[str, dict[str, Json]] = {}
    for device in devices:
        wanted.setdefault(device.user_id, {})[device.device_id] = SIGNED_KEY
    body: dict[str, Json] = {"one_time_keys": {**wanted}, "timeout": 10_000}
    raw = await transport.request("POST", f"{CLIENT}/keys/claim", body=body)
    answer = read_answer(raw, _ClaimAnswer)
    claimed = {}
    for device in devices:
        key = _checked_key(answer.one_time_keys.get(device.user_id), device)
        if key is None:
            _log.warning(
                "No usable one-time key for device %.200r of %.200r", device.device_id, device.user_id
            )
        else:
            claimed[device] = key
    return claimed


def _checked_key(of_user: msgspec.Raw | None, device: Device) -> str | None:
    if of_user is None:
        return None
    try:
        objects = decode(of_user, type=dict[str, dict[str, dict[str, Json]]])
        for name, obj in objects.get(device.device_id, {}).items():
            key = obj.get("key")
            if name.startswith(f"{SIGNED_KEY}:") and isinstance(key, str):
                verify_object(obj, device.user_id, f"ed25519:{device.device_id}", device.ed25519)
                return key
    except (msgspec.DecodeError, TrustError):
        return None
    return None
