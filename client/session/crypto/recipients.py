"""Which devices may have a room's key: cross-signed ones, of users whose identity is the one we pinned.

In a sealed room the identity must be more than pinned: verified by a person here, or attested.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from client.session.crypto.device_list import DeviceList
from client.session.crypto.public_keys import Device
from client.session.errors import IdentityChanged, RoomSealed

_MOST_NAMED = 10
"""Users whom an error names one by one; the rest are counted."""


@dataclass
class Recipients:
    """The devices that get a key, and those of the same users that do not."""

    trusted: list[Device] = field(default_factory=list)
    left_out: list[Device] = field(default_factory=list)


def recipients_of(
    users: Iterable[str],
    devices: DeviceList,
    own_device: tuple[str, str],
    *,
    sealed: bool = False,
    comparing: bool = False,
) -> Recipients:
    """Divide the devices of `users` into those that may have a key and the rest; `own_device` needs none.

    A message of a verification (`comparing`) goes to changed and to unverified identities too: it is what
    proves them. Whatever else is sent later is sent with another key if they are not to read it.

    Raises IdentityChanged when a user's identity is no longer the pinned one: a person must decide. Raises
    RoomSealed when the room is sealed and any user but ourselves is neither verified nor attested.
    """
    found = Recipients()
    uncertain = []
    for user in sorted(set(users)):
        identity = devices.identity(user)
        if identity is not None and identity.changed and not comparing:
            raise IdentityChanged(
                f"The identity of {user} has changed, so nothing is sent to them.",
                why="They began anew, or somebody stands between you and them.",
                remedy="Ask them in another way; then accept the new identity with"
                f" `rogatory identity {user} --accept`, or remove them from the room.",
            )
        strictly = sealed and not comparing
        believed = identity is not None and (not strictly or devices.is_certain(user))
        if strictly and not believed and user != own_device[0]:
            uncertain.append(user)
        for device in devices.devices(user):
            if (user, device.device_id) != own_device:
                (found.trusted if believed and device.signed else found.left_out).append(device)
    if uncertain:
        raise _sealed_against(uncertain)
    return found


def _sealed_against(users: list[str]) -> RoomSealed:
    names = ", ".join(users[:_MOST_NAMED])
    more = f" and {len(users) - _MOST_NAMED} more" if len(users) > _MOST_NAMED else ""
    return RoomSealed(
        f"The room is sealed, and it would leave out {names}{more}; so nothing was sent.",
        why="In a sealed room only those get the key whom you have verified or whom an authority attests.",
        remedy="Verify them with `rogatory verify`, have them attested, or remove them from the room.",
        left_out=users,
    )
