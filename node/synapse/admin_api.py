"""The homeserver's admin API: accounts and their limits (Synapse's manual, "Admin API").

Registering needs no login, only the shared secret; everything else needs an administrator's access token.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from node.errors import AccountExists, AdminRefused, SynapseSilent

_ADMIN = "/_synapse/admin"
_TIMEOUT = aiohttp.ClientTimeout(total=60)
_PAGE = 500
_Answer = TypeVar("_Answer")


class RegisteredAccount(msgspec.Struct, frozen=True):
    """A new account, logged in on one new device. The token is secret and not shown."""

    user_id: str
    device_id: str = ""
    access_token: str = ""

    def __repr__(self) -> str:
        return f"RegisteredAccount(user_id={self.user_id!r}, device_id={self.device_id!r})"


class ServerAccount(msgspec.Struct, frozen=True):
    """An account as the homeserver lists it."""

    name: str
    """The user id."""
    admin: bool = False
    deactivated: bool = False
    locked: bool = False
    displayname: str | None = None


class _Nonce(msgspec.Struct):
    nonce: str


class _Accounts(msgspec.Struct):
    users: list[ServerAccount]
    next_token: str | None = None


class _Error(msgspec.Struct):
    errcode: str = "M_UNKNOWN"
    error: str = "no reason given"


def new_password() -> str:
    """Return a password of 32 random bytes, in letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(32)


async def register_account(
    http: aiohttp.ClientSession,
    url: str,
    shared_secret: str,
    localpart: str,
    password: str,
    *,
    admin: bool = False,
    display_name: str | None = None,
    log_in: bool = True,
) -> RegisteredAccount:
    """Create an account on the homeserver whose client listener is at `url`.

    With `log_in` it comes with a device and its access token. Raises AccountExists when there is one of that
    name, AdminRefused for any other refusal, SynapseSilent when nothing answers.
    """
    endpoint = f"{url}{_ADMIN}/v1/register"
    async with _answered(http.get(endpoint, timeout=_TIMEOUT), endpoint) as response:
        nonce = _read(response.status, await response.read(), _Nonce, "a new account").nonce
    words = [nonce, localpart, password, "admin" if admin else "notadmin"]
    # HMAC-SHA1 is what Synapse asks for here; it proves that the secret is known, and signs nothing lasting
    mac = hmac.new(shared_secret.encode(), "\0".join(words).encode(), hashlib.sha1)
    body: dict[str, object] = {
        "nonce": nonce,
        "username": localpart,
        "password": password,
        "admin": admin,
        "mac": mac.hexdigest(),
        "inhibit_login": not log_in,
    }
    if display_name is not None:
        body["displayname"] = display_name
    async with _answered(http.post(endpoint, json=body, timeout=_TIMEOUT), endpoint) as response:
        return _read(response.status, await response.read(), RegisteredAccount, f"the account {localpart}")


class AdminApi:
    """What an administrator may ask of one homeserver, at `url`, with an `access_token`."""

    def __init__(self, http: aiohttp.ClientSession, url: str, access_token: str) -> None:
        self._http = http
        self._url = f"{url}{_ADMIN}"
        self._headers = {"Authorization": f"Bearer {access_token}"}

    async def accounts(self) -> tuple[ServerAccount, ...]:
        """Return every account of the homeserver, also the deactivated, by name."""
        found: list[ServerAccount] = []
        start: str | None = "0"
        while start is not None:
            query = {"from": start, "limit": str(_PAGE), "deactivated": "true", "guests": "false"}
            page = await self._ask("GET", "/v2/users", _Accounts, "the list of accounts", query=query)
            found += page.users
            start = page.next_token
        return tuple(sorted(found, key=lambda account: account.name))

    async def lift_rate_limit(self, user_id: str) -> None:
        """Let an account of this homeserver, as a steward's or the Court's bot's, act at any rate."""
        body: dict[str, object] = {"messages_per_second": 0, "burst_count": 0}
        path = f"/v1/users/{quote(user_id, safe='')}/override_ratelimit"
        await self._ask("POST", path, msgspec.Raw, f"the rate limit of {user_id}", body=body)

    async def reset_password(self, user_id: str, password: str) -> None:
        """Give an account a new password and log out all its devices."""
        body: dict[str, object] = {"new_password": password, "logout_devices": True}
        path = f"/v1/reset_password/{quote(user_id, safe='')}"
        await self._ask("POST", path, msgspec.Raw, f"the password of {user_id}", body=body)

    async def _ask(
        self,
        method: str,
        path: str,
        answer: type[_Answer],
        what: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> _Answer:
        url = self._url + path
        request = self._http.request(
            method, url, params=query, json=body, headers=self._headers, timeout=_TIMEOUT
        )
        async with _answered(request, url) as response:
            return _read(response.status, await response.read(), answer, what)


@contextlib.asynccontextmanager
async def _answered(
    request: AbstractAsyncContextManager[aiohttp.ClientResponse], url: str
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Wait for a request's answer. Raises SynapseSilent, not aiohttp's error, which has our headers."""
    try:
        async with request as response:
            yield response
    except (aiohttp.ClientError, TimeoutError) as error:
        address = url.partition(_ADMIN)[0]
        raise SynapseSilent(
            f"The homeserver at {address} does not answer.",
            why=f"The connection failed ({type(error).__name__}).",
            remedy="Start the node with `rogatory node start`; `rogatory node status` says how it is.",
        ) from None


def _read(status: int, answer: bytes, type: type[_Answer], what: str) -> _Answer:
    try:
        if status == 200:
            return msgspec.json.decode(answer, type=type)
        error = msgspec.json.decode(answer, type=_Error)
    except msgspec.DecodeError:
        error = _Error(error="the answer is not one of Synapse's admin API")
    if error.errcode == "M_USER_IN_USE":
        raise AccountExists(
            f"The homeserver has {what} already.",
            why="Somebody registered it before.",
            remedy="Choose another name.",
        )
    raise AdminRefused(
        f"The homeserver refused {what}.",
        why=f"It answered {status} {error.errcode}: {error.error[:200]}.",
        remedy="Correct what it names; or see that this is the node's homeserver and the asker its operator.",
    )
