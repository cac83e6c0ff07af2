"""The Olm sessions with other devices: found, made, used, and saved with what they changed."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from vodozemac import AnyOlmMessage, Curve25519PublicKey, Session

from client.session.crypto.olm_account import PICKLE_KEY, OlmAccount
from client.session.events import Json
from client.session.store.sqlcipher import Database
from policies.trust.unpadded_base64 import unpadded_base64

_MOST_PER_DEVICE = 5
"""Sessions kept with one device; a peer that makes more loses the one that was silent longest."""


_MOST_CACHED = 2_000
"""Devices whose sessions are kept in memory: the rest is in the store. Anybody may begin one with us."""


@dataclass
class _Kept:
    session: Session
    used: int


class OlmUnreadable(Exception):
    """An Olm message cannot be read: malformed, for an unknown key, or already read."""


class OlmSessions:
    """All Olm sessions of our device. Changes are in memory until `save_changes` in a transaction."""

    def __init__(self, db: Database, account: OlmAccount) -> None:
        self._db = db
        self._account = account
        self._kept: dict[str, list[_Kept]] = {}
        self._changed: dict[tuple[str, str], _Kept] = {}
        self._dropped: list[tuple[str, str]] = []
        self._account_changed = False
        row = db.execute("SELECT max(used) FROM olm_sessions").fetchone()
        self._clock = row[0] or 0

    def has_session(self, curve25519: str) -> bool:
        """Return whether there is a session with the device that has this identity key."""
        return bool(self._with(curve25519))

    def begin(self, curve25519: str, one_time_key: str) -> None:
        """Begin a session with a claimed one-time key whose signature was checked. Raises OlmUnreadable."""
        try:
            session = self._account.vodozemac.create_outbound_session(
                Curve25519PublicKey.from_base64(curve25519), Curve25519PublicKey.from_base64(one_time_key)
            )
        except ValueError as error:
            raise OlmUnreadable(_reason(error)) from None
        self._keep(curve25519, session)

    def encrypt(self, curve25519: str, payload: bytes) -> dict[str, Json]:
        """Encrypt for a device that `has_session`; return the `ciphertext` member's value for its key."""
        kept = max(self._with(curve25519), key=lambda kept: kept.used)
        kind, ciphertext = kept.session.encrypt(payload).to_parts()
        self._changed[curve25519, kept.session.session_id] = kept
        return {"type": kind, "body": unpadded_base64(ciphertext)}

    def decrypt(self, curve25519: str, kind: int, body: str) -> bytes:
        """Decrypt a message from the device with that identity key. Raises OlmUnreadable."""
        try:
            message = AnyOlmMessage.from_parts(kind, base64.b64decode(body + "=" * (-len(body) % 4)))
            prekey = message.to_pre_key()
        except (ValueError, binascii.Error, OverflowError, TypeError) as error:
            raise OlmUnreadable(f"malformed: {_reason(error)}") from None
        for kept in self._with(curve25519):
            if prekey is not None and prekey.session_id() != kept.session.session_id:
                continue
            try:
                plaintext = kept.session.decrypt(message)
            except ValueError as error:
                if prekey is not None:  # it belongs to this session and to no other
                    raise OlmUnreadable(_reason(error)) from None
                continue
            self._use(curve25519, kept)
            return plaintext
        if prekey is None:
            raise OlmUnreadable("no session with this device can read it")
        try:
            session, plaintext = self._account.vodozemac.create_inbound_session(
                Curve25519PublicKey.from_base64(curve25519), prekey
            )
        except ValueError as error:
            raise OlmUnreadable(_reason(error)) from None
        self._account_changed = True  # the one-time key is used up: saved with the session, not before
        self._keep(curve25519, session)
        return plaintext

    def save_changes(self) -> bool:
        """Write what changed, in the caller's transaction; return whether the account changed too."""
        self._db.conn.executemany(
            "INSERT INTO olm_sessions VALUES (?, ?, ?, ?) ON CONFLICT (sender_key, session_id)"
            " DO UPDATE SET pickle = excluded.pickle, used = excluded.used",
            [
                (curve25519, session_id, _pickled(kept.session), kept.used)
                for (curve25519, session_id), kept in self._changed.items()
            ],
        )
        self._db.conn.executemany(
            "DELETE FROM olm_sessions WHERE sender_key = ? AND session_id = ?", self._dropped
        )
        self._changed, self._dropped = {}, []
        while len(self._kept) > _MOST_CACHED:
            del self._kept[next(iter(self._kept))]
        account_changed, self._account_changed = self._account_changed, False
        return account_changed

    def _with(self, curve25519: str) -> list[_Kept]:
        found = self._kept.get(curve25519)
        if found is None:
            rows = self._db.execute(
                "SELECT pickle, used FROM olm_sessions WHERE sender_key = ?", [curve25519]
            )
            found = [
                _Kept(Session.from_pickle(unpadded_base64(pickle), PICKLE_KEY), used) for pickle, used in rows
            ]
            if found:  # names that others make up are not kept
                self._kept[curve25519] = found
        return found

    def _keep(self, curve25519: str, session: Session) -> None:
        kept = _Kept(session, 0)
        sessions = self._kept[curve25519] = self._with(curve25519)
        sessions.append(kept)
        self._use(curve25519, kept)
        if len(sessions) > _MOST_PER_DEVICE:
            oldest = min(sessions, key=lambda kept: kept.used)
            sessions.remove(oldest)
            name = (curve25519, oldest.session.session_id)
            self._changed.pop(name, None)
            self._dropped.append(name)

    def _use(self, curve25519: str, kept: _Kept) -> None:
        self._clock += 1
        kept.used = self._clock
        self._changed[curve25519, kept.session.session_id] = kept


def _pickled(session: Session) -> bytes:
    """Return a session as it is stored, with every message: a quarter shorter than in Base64."""
    return binascii.a2b_base64(session.pickle(PICKLE_KEY) + "==")


def _reason(error: Exception) -> str:
    """Return what vodozemac says, without what it quotes: keys stand in no log."""
    return str(error).partition(":")[0]
