"""What others say of the keys that they do not give us: an explanation, and nothing else.

The messages are not encrypted, so whoever runs a server can make them up. They are shown as the reason why an
event of that same sender cannot be read; they open nothing, and a key that comes is taken all the same.
"""

from __future__ import annotations

import msgspec

from client.session.crypto.withheld_code import WithheldCode
from client.session.store.sqlcipher import Database

_MOST = 5000
"""Explanations kept, the newest: a flood of them costs older ones, and the words beside some events."""
_LONGEST_ID = 255
"""Bytes of a room id (Matrix spec, "Identifiers"); session ids are shorter."""
_EVERY = ""
"""The room and the session of `m.no_olm`, which is said of all."""

Explained = tuple[str, str, str]
"""Sender, room id and session id; the last two are empty for `m.no_olm`."""


class _Withheld(msgspec.Struct):
    code: str
    sender_key: str
    room_id: str = _EVERY
    session_id: str = _EVERY


class WithheldKeys:
    """The explanations of one store. Changes are in memory until `save_changes` in a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._pending: dict[Explained, str | None] = {}

    def take(self, sender: str, content: msgspec.Raw) -> tuple[Explained, str] | None:
        """Take in one `m.room_key.withheld`; return what it explains, and the identity key that it names.

        None of one that explains nothing. Raises msgspec.DecodeError when it is malformed.
        """
        withheld = msgspec.json.decode(content, type=_Withheld)
        about = withheld.room_id, withheld.session_id
        if withheld.code == WithheldCode.NO_OLM:
            about = _EVERY, _EVERY
        elif not all(about) or any(len(text.encode()) > _LONGEST_ID for text in about):
            return None
        explained = (sender, *about)
        self._pending[explained] = withheld.code[:_LONGEST_ID]
        return explained, withheld.sender_key

    def came(self, sender: str, room_id: str, session_id: str) -> None:
        """Forget what a sender said of a key that has come, and that we cannot be reached."""
        for name in ((sender, room_id, session_id), (sender, _EVERY, _EVERY)):
            if self._code(name) is not None:
                self._pending[name] = None

    def why(self, sender: str, room_id: str, session_id: str) -> tuple[bool, WithheldCode | None]:
        """Return whether a sender has said why there is no key, and the code if it is one of Matrix's."""
        code = self._code((sender, room_id, session_id)) or self._code((sender, _EVERY, _EVERY))
        if code is None:
            return False, None
        return True, WithheldCode(code) if code in list(WithheldCode) else None

    def save_changes(self) -> set[Explained]:
        """Write what changed, in the caller's transaction; return what is explained anew."""
        if not self._pending:
            return set()
        number: int = self._db.execute("SELECT coalesce(max(received), 0) FROM withheld_by").fetchone()[0]
        said = {name: code for name, code in self._pending.items() if code is not None}
        self._db.conn.executemany(
            "DELETE FROM withheld_by WHERE sender = ? AND room_id = ? AND session_id = ?", list(self._pending)
        )
        self._db.conn.executemany(
            "INSERT INTO withheld_by VALUES (?, ?, ?, ?, ?)",
            [(*name, code, number + index) for index, (name, code) in enumerate(said.items(), 1)],
        )
        self._db.execute("DELETE FROM withheld_by WHERE received <= ?", [number + len(said) - _MOST])
        self._pending = {}
        return set(said)

    def _code(self, name: Explained) -> str | None:
        if name in self._pending:
            return self._pending[name]
        query = "SELECT code FROM withheld_by WHERE sender = ? AND room_id = ? AND session_id = ?"
        row = self._db.execute(query, list(name)).fetchone()
        return None if row is None else row[0]
