"""Whether messages follow each other without a hole, as far as Megolm's own counting tells.

Every message of a session carries its number in the clear. What was refused by a server or redacted before
we saw it leaves a number out for good, so a hole is a reason to look again, and no proof that something is
missing.
"""

from __future__ import annotations

import msgspec
from vodozemac import MegolmMessage

from client.session.foreign_json import decode_flat
from client.session.store.timeline import Timeline


class _Encrypted(msgspec.Struct):
    ciphertext: str


def has_hole(timeline: Timeline, room_id: str, after: int) -> bool:
    """Return whether numbers are left out in the sessions of what a room has after a position."""
    return any(
        len(numbers) != max(numbers) + 1
        for session_id in timeline.sessions_after(room_id, after)
        if (numbers := _numbers(timeline, room_id, session_id))
    )


def _numbers(timeline: Timeline, room_id: str, session_id: str) -> set[int]:
    numbers = timeline.message_indices(room_id, session_id)
    for waiting in timeline.sealed(room_id, session_id):
        try:
            encrypted = decode_flat(waiting.sealed, type=_Encrypted)
            numbers.add(MegolmMessage.from_base64(encrypted.ciphertext).message_index())
        except (msgspec.DecodeError, ValueError):
            continue  # nobody can read it, so nobody can count it
    return numbers
