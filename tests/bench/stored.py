"""A store that has been used for years: messages and Megolm sessions in it."""

from __future__ import annotations

from vodozemac import GroupSession

from client.session.crypto.inbound_sessions import DIRECT, InboundSessions
from client.session.events import Trust
from client.session.store.sqlcipher import Database
from client.session.store.timeline import NewEvent, Timeline

ROOMS = 40


def store_messages(db: Database, count: int) -> None:
    """Store that many decrypted messages, in forty rooms."""
    timeline = Timeline(db)
    with db.atomic():
        for room in range(ROOMS):
            numbers = range(room, count, ROOMS)
            events = [
                NewEvent(
                    f"!stored{room}",
                    f"$stored{number}",
                    f"@user{number % 200}:bench.test",
                    1_700_000_000_000 + number * 1000,
                    "m.room.message",
                    {"msgtype": "m.text", "body": f"message {number} " + "x" * 100},
                    Trust.PINNED,
                    session_id=f"session{number // 2000}-{number % 200}",
                    message_index=number // 200,
                )
                for number in numbers
            ]
            timeline.append(events)


def store_sessions(db: Database, count: int) -> None:
    """Store that many Megolm sessions, in forty rooms."""
    sessions = InboundSessions(db)
    for number in range(count):
        group = GroupSession()
        sessions.add(
            room_id=f"!stored{number % ROOMS}",
            session_id=group.session_id,
            session_key=group.session_key.to_base64(),
            sender_key=f"curve{number % 200}",
            signing_key=f"ed{number % 200}",
            sender=f"@user{number % 200}:bench.test",
            device_id="D",
            provenance=DIRECT,
        )
    with db.atomic():
        sessions.save_changes()
