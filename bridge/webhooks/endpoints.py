"""Who is told: the endpoints, each with the secret that it shares with the bridge, and where it stands."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

import msgspec
from nacl.utils import random as random_bytes

from bridge.errors import WebhookRefused, WebhookUnknown
from bridge.register import Register
from bridge.webhooks.signature import webhook_key
from client.session.secret import Secret
from client.session.store.vault import reported_failures
from policies.trust.signing import SigningKey
from policies.trust.times import format_time

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_LONGEST_URL = 2000
_SECRET_BYTES = 32


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint without its secret; `created_at` is RFC 3339 UTC."""

    webhook_id: str
    url: str
    created_at: str


class Endpoints:
    """The endpoints in the register's database."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._db = register.database

    def add(self, url: str) -> tuple[Endpoint, Secret[bytes]]:
        """Tell `url` of all that happens from now on; return the endpoint and the secret that it shares.

        Raises WebhookRefused for a URL to which nothing may be sent.
        """
        check_url(url)
        endpoint = Endpoint(
            webhook_id=f"wh_{secrets.token_hex(8)}", url=url, created_at=format_time(self._register.now())
        )
        secret = Secret(random_bytes(_SECRET_BYTES))
        with reported_failures(self._register.path), self._db.atomic():
            self._db.execute(
                "INSERT INTO webhooks SELECT ?, ?, ?, coalesce(max(sequence), 0), ? FROM events",
                [endpoint.webhook_id, url, secret.reveal(), endpoint.created_at],
            )
        return endpoint, secret

    def all(self) -> tuple[Endpoint, ...]:
        """Return every endpoint, oldest first."""
        rows = self._db.execute(
            "SELECT webhook_id, url, created_at FROM webhooks ORDER BY created_at, webhook_id"
        )
        return tuple(Endpoint(webhook_id=webhook_id, url=url, created_at=at) for webhook_id, url, at in rows)

    def remove(self, webhook_id: str) -> None:
        """Tell an endpoint nothing any more, and forget what it was told. Raises WebhookUnknown."""
        self.require(webhook_id)
        with reported_failures(self._register.path), self._db.atomic():
            self._db.execute("DELETE FROM webhook_deliveries WHERE webhook_id = ?", [webhook_id])
            self._db.execute("DELETE FROM webhooks WHERE webhook_id = ?", [webhook_id])

    def require(self, webhook_id: str) -> None:
        """Raise WebhookUnknown unless there is that endpoint."""
        if webhook_id not in {each.webhook_id for each in self.all()}:
            raise WebhookUnknown(
                f"There is no webhook {webhook_id!r}.",
                why="It was never added, or it was removed.",
                remedy="`rogatory bridge webhook list` shows the ids.",
            )

    def key(self) -> SigningKey:
        """Return the key that signs for every endpoint, made when it is first asked for."""
        if (row := self._seed()) is None:
            with reported_failures(self._register.path):  # of two processes at once one makes it
                self._db.execute(
                    "INSERT OR IGNORE INTO webhook_key VALUES (1, ?)", [random_bytes(_SECRET_BYTES)]
                )
            row = self._seed()
        return webhook_key(Secret(row[0] if row else b""))

    def _seed(self) -> tuple[bytes] | None:
        row: tuple[bytes] | None = self._db.execute("SELECT seed FROM webhook_key").fetchone()
        return row


def check_url(url: str) -> None:
    """Raise WebhookRefused unless the URL is https, or http on loopback, and carries no password."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # reading the port checks it
    except ValueError as error:
        raise _refused(f"It cannot be read: {error}.") from None
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > _LONGEST_URL:
        raise _refused(f"It is not plain ASCII of at most {_LONGEST_URL} characters.")
    if not host:
        raise _refused("It names no host.")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise _refused("It must begin with https://; http:// is for this machine only.")
    if parts.username is not None or parts.password is not None:
        raise _refused("It holds a user name or a password, which logs would show.")
    if parts.fragment:
        raise _refused("It has a fragment, which is never sent.")


def _refused(why: str) -> WebhookRefused:
    return WebhookRefused(
        "The webhook was not added: nothing may be sent to that URL.",
        why=why,
        remedy="Give a URL as https://cases.example.org/hooks/rogatory.",
    )
