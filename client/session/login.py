"""Logging a device in with a password, for `rogatory login`."""

from __future__ import annotations

import msgspec

from client.session.errors import HomeserverRefused, LoggedOut, NotAllowed
from client.session.events import Json
from client.session.foreign_json import decode
from client.session.http_transport import HttpTransport
from client.session.wire import CLIENT


class LoggedIn(msgspec.Struct, frozen=True):
    """What the homeserver gave. The token is in no repr."""

    user_id: str
    device_id: str
    access_token: str

    def __repr__(self) -> str:
        return f"LoggedIn({self.user_id!r}, {self.device_id!r})"


async def log_in(homeserver: str, user: str, password: str, *, device_name: str = "Rogatory") -> LoggedIn:
    """Log in at `homeserver` as `user` (a full user id or a localpart); enrol what comes back.

    Raises NotAllowed when user and password do not fit, and what the transport raises.
    """
    body: dict[str, Json] = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user},
        "password": password,
        "initial_device_display_name": device_name,
    }
    async with HttpTransport(homeserver, None) as transport:
        try:
            answer = await transport.request("POST", f"{CLIENT}/login", body=body)
        except NotAllowed as refusal:
            raise NotAllowed(
                f"{user} cannot log in.",
                why="The user name and the password do not fit, or the account is disabled.",
                remedy="Try again, or ask the region's IT for a new password.",
                status=refusal.status,
                errcode=refusal.errcode,
            ) from None
    try:
        return decode(answer, type=LoggedIn)
    except msgspec.DecodeError as error:
        raise HomeserverRefused(
            "The homeserver's answer to the login cannot be read.",
            why=f"{error}.",
            remedy="Check that the address is that of a Matrix homeserver.",
            status=200,
            errcode="M_BAD_JSON",
        ) from None


async def log_out(homeserver: str, access_token: str) -> None:
    """End a device's login at its homeserver; one that has ended already is fine."""
    async with HttpTransport(homeserver, access_token) as transport:
        try:
            await transport.request("POST", f"{CLIENT}/logout", body={})
        except LoggedOut:
            return
