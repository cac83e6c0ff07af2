"""The account's own devices: which there are, whether its identity vouches for them, naming, removing."""

from __future__ import annotations

import msgspec

from client.session.crypto.device_list import DeviceList
from client.session.errors import DeviceUnknown, NotFound, SessionError
from client.session.events import OwnDevice
from client.session.password_proof import request_with_password
from client.session.secret import Secret
from client.session.transport import Transport
from client.session.wire import CLIENT, part, read_answer


class _Device(msgspec.Struct):
    device_id: str
    display_name: str | None = None
    last_seen_ts: int | None = None


class _Devices(msgspec.Struct):
    devices: list[_Device] = []


class OwnDevices:
    """The devices of one account, as `device_id` of it sees them."""

    def __init__(self, transport: Transport, keys: DeviceList, user_id: str, device_id: str) -> None:
        self._transport = transport
        self._keys = keys
        self._user_id = user_id
        self._device_id = device_id

    async def all(self) -> list[OwnDevice]:
        """Return them, this one first, then by when they were last seen. Raises what the transport raises."""
        answer = read_answer(await self._transport.request("GET", f"{CLIENT}/devices"), _Devices)
        self._keys.mark_stale([self._user_id])
        await self._keys.refresh([self._user_id])
        signed = {device.device_id for device in self._keys.devices(self._user_id) if device.signed}
        devices = [
            OwnDevice(
                device_id=device.device_id,
                name=device.display_name,
                last_seen_at=device.last_seen_ts,
                cross_signed=device.device_id in signed,
                is_this=device.device_id == self._device_id,
            )
            for device in answer.devices
        ]
        return sorted(devices, key=lambda each: (not each.is_this, -(each.last_seen_at or 0), each.device_id))

    async def rename(self, device_id: str, name: str) -> None:
        """Name a device. The homeserver and everyone in a room with the account can read the name.

        Raises DeviceUnknown, and what the transport raises.
        """
        try:
            await self._transport.request("PUT", _path(device_id), body={"display_name": name})
        except NotFound:
            raise _unknown(device_id) from None

    async def remove(self, device_id: str, password: Secret[str]) -> None:
        """Log another device out and forget it; nobody gives it keys any more.

        `password` is the account's. Raises SessionError for this device itself, DeviceUnknown, NotAllowed
        when the password is wrong, and what the transport raises.
        """
        if device_id == self._device_id:
            raise SessionError(
                f"{device_id} is this device.",
                why="Its store would stay here, of no use.",
                remedy="`rogatory logout` ends it and removes its store.",
            )
        if device_id not in {device.device_id for device in await self.all()}:
            raise _unknown(device_id)
        await request_with_password(
            self._transport,
            "DELETE",
            _path(device_id),
            {},
            user_id=self._user_id,
            password=password,
            undone=f"The device {device_id} was not removed.",
        )
        self._keys.mark_stale([self._user_id])


def _path(device_id: str) -> str:
    return f"{CLIENT}/devices/{part(device_id)}"


def _unknown(device_id: str) -> DeviceUnknown:
    return DeviceUnknown(
        f"The account has no device {device_id!r}.",
        why="Its homeserver knows none of that id: it was removed, or the id is not spelt so.",
        remedy="See `rogatory devices`.",
    )
