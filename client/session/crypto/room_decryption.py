"""Decrypting one event of a room's timeline, with every check between the ciphertext and its reader."""

from __future__ import annotations

import msgspec
from vodozemac import MegolmMessage

from client.session.attestations import Attestations
from client.session.crypto.device_list import DeviceList
from client.session.crypto.inbound_sessions import InboundSession, InboundSessions
from client.session.crypto.olm_account import MEGOLM
from client.session.crypto.trust import assess
from client.session.crypto.withheld_code import in_words
from client.session.crypto.withheld_keys import WithheldKeys
from client.session.events import KEY_BEGINS_LATER, NO_KEY, Json, Trust
from client.session.foreign_json import decode, decode_flat
from client.session.store.sqlcipher import Database
from policies.user_id import is_user_id


class _Encrypted(msgspec.Struct):
    # sender_key and device_id are deprecated and prove nothing: they are not read (Matrix spec, 1.3).
    algorithm: str
    session_id: str
    ciphertext: str


class _Plaintext(msgspec.Struct):
    room_id: str
    type: str
    content: dict[str, Json]


_encrypted = msgspec.json.Decoder(_Encrypted).decode
_plaintext = msgspec.json.Decoder(_Plaintext).decode


class Decrypted(msgspec.Struct, frozen=True):
    """What an event says, and how far its sender may be believed."""

    type: str
    content: dict[str, Json]
    trust: Trust
    reason: str | None
    session_id: str
    message_index: int


class Undecryptable(Exception):
    """The event cannot be read. `reason` is for people; `session_id` is set when its key may still come."""

    def __init__(self, reason: str, session_id: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.session_id = session_id


class RoomDecryption:
    """Decrypts the events of one store's rooms."""

    def __init__(
        self,
        db: Database,
        sessions: InboundSessions,
        withheld: WithheldKeys,
        devices: DeviceList,
        own_user_id: str,
        attestations: Attestations,
    ) -> None:
        self._db = db
        self._sessions = sessions
        self._withheld = withheld
        self._devices = devices
        self._own_user_id = own_user_id
        self._attestations = attestations
        self._seen: dict[tuple[str, str, int], str] = {}
        self._highest: dict[tuple[str, str], int] = {}

    def decrypt(self, room_id: str, event_id: str, sender: str, content: msgspec.Raw) -> Decrypted:
        """Decrypt an `m.room.encrypted` event. Raises Undecryptable.

        A message index that another event has used is a replay and is refused (Matrix spec, Megolm).
        """
        try:
            encrypted = decode_flat(content, type=_Encrypted)
        except msgspec.DecodeError:
            raise Undecryptable("The event is malformed.") from None
        if not is_user_id(sender):
            raise Undecryptable("The server names no user as its sender.")
        if encrypted.algorithm != MEGOLM:
            raise Undecryptable("It is encrypted in a way that is not used here.")
        session = self._sessions.find(room_id, encrypted.session_id, sender)
        if session is None:
            raise Undecryptable(self.why_missing(room_id, encrypted.session_id, sender), encrypted.session_id)
        try:
            message = session.vodozemac.decrypt(MegolmMessage.from_base64(encrypted.ciphertext))
        except ValueError:
            raise Undecryptable(
                KEY_BEGINS_LATER,
                encrypted.session_id,
            ) from None
        try:
            plaintext = decode(message.plaintext, type=_Plaintext)
        except msgspec.DecodeError:
            raise Undecryptable("What was encrypted is malformed.") from None
        if plaintext.room_id != room_id:
            raise Undecryptable("It was written for another room and has been moved here.")
        self._refuse_replay(room_id, encrypted.session_id, message.message_index, event_id)
        trust, reason = self._assess(sender, session)
        return Decrypted(
            plaintext.type, plaintext.content, trust, reason, encrypted.session_id, message.message_index
        )

    def why_missing(self, room_id: str, session_id: str, sender: str) -> str:
        """Return why there is no key for what `sender` sent with a session, and what to do, for a person."""
        said, code = self._withheld.why(sender, room_id, session_id)
        if said:
            return in_words(code, sender)
        return NO_KEY

    def has_key(self, room_id: str, session_id: str, sender: str) -> bool:
        """Return whether there is a key of the session, from whichever message on."""
        return self._sessions.find(room_id, session_id, sender) is not None

    def reassess(self, room_id: str, session_id: str, sender: str) -> tuple[Trust, str | None] | None:
        """Judge anew how far the sender of a decrypted event may be believed, by what is known now."""
        session = self._sessions.find(room_id, session_id, sender)
        return None if session is None else self._assess(sender, session)

    def forget_uncommitted(self) -> None:
        """Drop what was seen since the last commit: the table of events has it, or it was rolled back."""
        self._seen.clear()

    def _assess(self, sender: str, session: InboundSession) -> tuple[Trust, str | None]:
        return assess(sender, session, self._devices, self._own_user_id, self._attestations)

    def _refuse_replay(self, room_id: str, session_id: str, index: int, event_id: str) -> None:
        name = (room_id, session_id, index)
        if index > self._highest_index(room_id, session_id):
            self._highest[room_id, session_id] = index
            self._seen[name] = event_id
            return
        first = self._seen.get(name)
        if first is None:
            row = self._db.execute(
                "SELECT event_id FROM events WHERE room_id = ? AND session_id = ? AND message_index = ?",
                name,
            ).fetchone()
            first = self._seen[name] = row[0] if row else event_id
        if first != event_id:
            raise Undecryptable("It repeats a message that was sent before.")

    def _highest_index(self, room_id: str, session_id: str) -> int:
        """Return the highest index that was met in a session, also in an event that was not stored; or -1.

        Above it there is nothing to look up, and most messages come in order.
        """
        name = (room_id, session_id)
        if name not in self._highest:
            query = (
                "SELECT max(message_index) FROM events"
                " WHERE room_id = ? AND session_id = ? AND message_index IS NOT NULL"
            )
            highest = self._db.execute(query, name).fetchone()[0]
            self._highest[name] = -1 if highest is None else highest
        return self._highest[name]
