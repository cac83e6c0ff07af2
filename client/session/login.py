"""Logging a device in with a password, for `rogatory login`."""

from __future__ import annotations

import msgspec

from client.session.errors import (
    HomeserverRefused,
    LoggedOut,
    NotAllowed,
    NotFound,
    SessionError,
)
from client.session.events import Json
from client.session.http_transport import HttpTransport
from client.session.password_proof import password_proof
from client.session.secret import Secret, hidden
from client.session.wire import CLIENT


class LoggedIn(msgspec.Struct, frozen=True):
    """What the homeserver gave. The token is in no repr."""

    user_id: str
    device_id: str
    access_token: str

    def __repr__(self) -> str:
        return f"LoggedIn({self.user_id!r}, {self.device_id!r})"


async def log_in(
    homeserver: str,
    user: str,
    password: str | Secret[str],
    *,
    device_name: str = "Rogatory",
    device_id: str | None = None,
) -> LoggedIn:
    """Log in at `homeserver` as `user` (a full user id or a localpart); enrol what comes back.

    With a `device_id` that device is logged in again. Raises NotAllowed when user and password do not fit,
    and what the transport raises.
    """
    password = hidden(password)
    async with HttpTransport(homeserver, None) as transport:
        try:
            logged_in = _read(
                await transport.request(
                    "POST", f"{CLIENT}/login", body=_body(user, password, device_name, device_id)
                )
            )
        except NotAllowed as refusal:
            raise NotAllowed(
                f"{user} cannot log in.",
                why="The user name and the password do not fit, or the account is disabled.",
                remedy="Try again, or ask the region's IT for a new password.",
                status=refusal.status,
                errcode=refusal.errcode,
            ) from None
        except NotFound:
            logged_in = None
    if logged_in is None:
        raise HomeserverRefused(
            f"No Matrix homeserver answers at {homeserver}.",
            why="Something does, but it knows nothing of a login, or its answer cannot be read.",
            remedy="Check the address: the region's IT knows it.",
            status=200,
            errcode="M_BAD_JSON",
        )
    if not _is_of(user, logged_in.user_id):
        raise SessionError(
            "The homeserver has logged somebody else in.",
            why=f"It was asked for {user} and answered {logged_in.user_id}.",
            remedy="Check the user name; tell the region's IT if it is right.",
        )
    return logged_in


def device_logged_out(user_id: str) -> LoggedOut:
    """Return the error that says that a session has ended because its device is logged out."""
    return LoggedOut(
        f"{user_id} is logged out on this device.",
        why="Its homeserver no longer accepts it: it was logged out elsewhere, the password was changed, or "
        "the account was closed.",
        remedy="`rogatory login` logs it in again and goes on where it was. What is stored stays readable.",
        status=401,
        errcode="M_UNKNOWN_TOKEN",
    )


async def is_logged_in(homeserver: str, access_token: Secret[str]) -> bool:
    """Ask the homeserver whether a device is still logged in. Raises what the transport raises."""
    async with HttpTransport(homeserver, access_token) as transport:
        try:
            await transport.request("GET", f"{CLIENT}/account/whoami")
        except LoggedOut:
            return False
    return True


async def log_out(homeserver: str, access_token: str | Secret[str]) -> None:
    """End a device's login at its homeserver; one that has ended already is fine."""
    async with HttpTransport(homeserver, access_token) as transport:
        try:
            await transport.request("POST", f"{CLIENT}/logout", body={})
        except LoggedOut:
            return


def _body(user: str, password: Secret[str], device_name: str, device_id: str | None) -> dict[str, Json]:
    return {
        **password_proof(user, password),
        "initial_device_display_name": device_name,
        **({"device_id": device_id} if device_id else {}),
    }


def _read(answer: bytes) -> LoggedIn | None:
    """Decode the answer to a login, None where it is none: no error may carry it, for it holds the token."""
    try:
        return msgspec.json.decode(answer, type=LoggedIn)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _is_of(user: str, user_id: str) -> bool:
    wanted = user if user.startswith("@") else f"@{user}:{user_id.partition(':')[2]}"
    return wanted.casefold() == user_id.casefold()
