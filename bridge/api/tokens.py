"""Bearer tokens: who may call the API, and for what. Only a hash of each is kept."""

from __future__ import annotations

import enum
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable

import msgspec

from bridge.errors import TokenUnknown
from bridge.register import Register
from client.session.secret import Secret
from client.session.store.vault import reported_failures
from policies.trust.times import format_time

_FORM = re.compile(r"rogatory_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_NO_SECRET = hashlib.sha256(b"").digest()
_COLUMNS = "token_id, name, scopes, created_at, revoked_at"


class Scope(enum.StrEnum):
    """What a token allows. Nothing is implied by another scope."""

    SUBMIT = "submit"
    """Issue requests."""
    STEP = "step"
    """Take the Court's steps in requests, as a withdrawal or a formal confirmation."""
    READ = "read"
    """Read requests that are not under seal or secret."""
    SEALED = "sealed"
    """With `read` and `step`: also those that are. Without it they are as if they did not exist."""
    STATISTICS = "statistics"
    """Read what is published of ended reporting years, in which no State can be told."""
    METRICS = "metrics"
    """Read the counters."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token without its secret. The times are RFC 3339 UTC."""

    token_id: str
    name: str
    scopes: frozenset[Scope]
    created_at: str
    revoked_at: str | None = None


class Tokens:
    """The tokens in the register's database."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._db = register.database

    def add(self, name: str, scopes: Iterable[Scope]) -> tuple[Token, Secret[str]]:
        """Make a token, and return it with the text that the client sends: it is never seen again."""
        token = Token(
            token_id=secrets.token_hex(8),
            name=name,
            scopes=frozenset(scopes),
            created_at=format_time(self._register.now()),
        )
        secret = Secret(secrets.token_urlsafe(32))
        with reported_failures(self._register.path):
            self._db.execute(
                "INSERT INTO api_tokens VALUES (?, ?, ?, ?, ?, NULL)",
                [
                    token.token_id,
                    token.name,
                    _hash(secret.reveal()),
                    " ".join(sorted(token.scopes)),
                    token.created_at,
                ],
            )
        return token, Secret(f"rogatory_{token.token_id}_{secret.reveal()}")

    def all(self) -> tuple[Token, ...]:
        """Return every token, revoked ones too, oldest first."""
        query = f"SELECT {_COLUMNS} FROM api_tokens ORDER BY created_at, token_id"  # noqa: S608 # fixed columns
        return tuple(_token(row) for row in self._db.execute(query))

    def revoke(self, token_id: str) -> None:
        """Let a token be refused from now on. Raises TokenUnknown."""
        with reported_failures(self._register.path):
            changed = self._db.execute(
                "UPDATE api_tokens SET revoked_at = coalesce(revoked_at, ?) WHERE token_id = ?",
                [format_time(self._register.now()), token_id],
            )
        if not changed.rowcount:
            raise TokenUnknown(
                f"There is no token {token_id!r}.",
                why="No token was made with that id.",
                remedy="`rogatory bridge token list` shows the ids.",
            )

    def find(self, sent: Secret[str]) -> Token | None:
        """Return the token that a client has sent, None unless it is one and not revoked.

        The secret is compared in constant time, also where there is no such id.
        """
        form = _FORM.fullmatch(sent.reveal())
        if form is None:
            return None
        query = f"SELECT {_COLUMNS}, secret_sha256 FROM api_tokens WHERE token_id = ?"  # noqa: S608 # fixed columns
        row = self._db.execute(query, [form[1]]).fetchone()
        fits = hmac.compare_digest(_hash(form[2]), row[-1] if row else _NO_SECRET)
        if not fits or row is None:
            return None
        token = _token(row[:-1])
        return token if token.revoked_at is None else None


def _hash(secret: str) -> bytes:
    """One SHA-256: the secret is 32 random bytes, which nobody guesses however fast the hash is."""
    return hashlib.sha256(secret.encode()).digest()


def _token(row: tuple[str, str, str, str, str | None]) -> Token:
    token_id, name, scopes, created_at, revoked_at = row
    return Token(
        token_id=token_id,
        name=name,
        scopes=frozenset(Scope(each) for each in scopes.split()),
        created_at=created_at,
        revoked_at=revoked_at,
    )
