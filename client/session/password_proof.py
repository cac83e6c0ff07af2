"""Proving by the account's password who asks (Matrix spec, "User-interactive authentication")."""

from __future__ import annotations

from client.session.errors import HomeserverRefused, NotAllowed
from client.session.events import Json
from client.session.secret import Secret
from client.session.transport import Transport

_TOKEN_REFUSED = ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN")


def password_proof(user: str, password: Secret[str]) -> dict[str, Json]:
    """Return the members that prove who `user` is, a full user id or a localpart: put them in no log."""
    return {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user},
        "password": password.reveal(),
    }


async def request_with_password(
    transport: Transport,
    method: str,
    path: str,
    body: dict[str, Json],
    *,
    user_id: str,
    password: Secret[str],
    undone: str,
) -> None:
    """Ask for what the homeserver does only for who knows the account's password.

    `undone` is the sentence that says what has not happened where it refuses. Raises NotAllowed when the
    password is wrong, and what the transport raises.
    """
    try:
        await transport.request(method, path, body={**body, "auth": password_proof(user_id, password)})
    except HomeserverRefused as refusal:
        # a wrong password is answered by the same question once more, with 401
        if refusal.status not in (401, 403) or refusal.errcode in _TOKEN_REFUSED:
            raise
        raise NotAllowed(
            undone,
            why="The password is not the account's, or its homeserver does not allow it this way.",
            remedy="Try again with the account's password, or ask the region's IT.",
            status=refusal.status,
            errcode=refusal.errcode,
        ) from None
