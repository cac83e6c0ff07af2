"""Whether messages follow each other without a hole, as far as Megolm's own counting tells.

Every message of a session carries its number in the clear. What was refused by a server or redacted before
we saw it leaves a number out for good, so a hole is a reason to look again, and no proof that something is
missing.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from vodozemac import MegolmMessage

from client.session.foreign_json import decode_flat
from client.session.store.timeline import Timeline


class _Event(msgspec.Struct):
    content: msgspec.Raw


class _Encrypted(msgspec.Struct):
    session_id: str
    ciphertext: str


def has_hole(timeline: Timeline, room_id: str, events: Iterable[msgspec.Raw]) -> bool:
    """Return whether numbers are left out between `events` of a room and what is stored of their sessions."""
    numbers: dict[str, set[int]] = {}
    for raw in events:
        try:
            _note(numbers, decode_flat(raw, type=_Event).content)
        except msgspec.DecodeError:
            continue  # a state event, one in clear, or one that nobody can read
    for session_id, found in numbers.items():
        found |= timeline.message_indices(room_id, session_id)
        for waiting in timeline.sealed(room_id, session_id):
            _note(numbers, msgspec.Raw(waiting.sealed))
        if len(found) != max(found) + 1:
            return True
    return False


def _note(numbers: dict[str, set[int]], content: msgspec.Raw) -> None:
    try:
        encrypted = decode_flat(content, type=_Encrypted)
        message = MegolmMessage.from_base64(encrypted.ciphertext)
    except (msgspec.DecodeError, ValueError):
        return
    numbers.setdefault(encrypted.session_id, set()).add(message.message_index())
