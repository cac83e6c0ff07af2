"""Which devices may have a room's key: cross-signed ones, of users whose identity is the one we pinned."""

from __future__ import annotations

from collections.abc import Iterable

from client.session.crypto.device_list import DeviceList
from client.session.crypto.public_keys import Device
from client.session.errors import IdentityChanged


def trusted_devices(users: Iterable[str], devices: DeviceList, own_device: tuple[str, str]) -> list[Device]:
    """Return the devices of `users` that may have a key; `own_device` itself needs none.

    Raises IdentityChanged when a user's identity is no longer the pinned one: a person must decide.
    """
    found = []
    for user in sorted(set(users)):
        identity = devices.identity(user)
        if identity is None:
            continue
        if identity.changed:
            raise IdentityChanged(
                f"The identity of {user} has changed, so nothing is sent to them.",
                why="They began anew, or somebody stands between you and them.",
                remedy="Ask them in another way, then accept the new identity or remove them from the room.",
            )
        found += [
            device
            for device in devices.devices(user)
            if device.signed and (user, device.device_id) != own_device
        ]
    return found
