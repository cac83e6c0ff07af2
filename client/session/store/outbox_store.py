"""Messages on their way: written before the caller is told, kept until the server has them."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

import msgspec

from client.session.events import Content, Json, QueuedMessage
from client.session.store.sqlcipher import Database

_encode = msgspec.json.Encoder().encode
_COLUMNS = "id, room_id, transaction_id, type, content, sealed, event_id, waiting"


@dataclass(frozen=True)
class OutboxRow:
    """One message. `sealed` is the ciphertext once there is one: a repetition sends the very same.

    `waiting` is the name of the file that is uploaded before it (see `attachments.waiting`).
    """

    id: int
    room_id: str
    transaction_id: str
    type: str
    content: dict[str, Json]
    sealed: dict[str, Json] | None
    event_id: str | None
    waiting: str | None


class OutboxStore:
    """The outbox of one store; every call is a transaction of its own."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(
        self,
        room_id: str,
        type: str,
        content: Content,
        transaction_id: str | None,
        waiting: str | None = None,
    ) -> OutboxRow:
        """Queue a message. One with a `transaction_id` that was queued before is that same message.

        It is then queued again if the server had refused it.
        """
        transaction_id = transaction_id or f"rog-{secrets.token_hex(12)}"
        query = (
            "INSERT INTO outbox (room_id, transaction_id, type, content, queued_at, waiting)"  # noqa: S608 # fixed columns
            " VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (transaction_id) DO UPDATE SET failure = NULL, remedy = NULL"
            f" RETURNING {_COLUMNS}"
        )
        values = [room_id, transaction_id, type, _encode(content), int(time.time() * 1000), waiting]
        cursor = self._db.execute(query, values)
        return _row(cursor.fetchone())

    def find(self, number: int) -> OutboxRow | None:
        """Return a message by its number, None once it was discarded."""
        return self._one("id = ?", number)

    def waiting(self, room_id: str) -> OutboxRow | None:
        """Return the oldest message of a room that is still to be sent."""
        return self._one("room_id = ? AND event_id IS NULL AND failure IS NULL ORDER BY id LIMIT 1", room_id)

    def unsent(self) -> list[QueuedMessage]:
        """Return what the server has not accepted, waiting or given up, oldest first."""
        query = (
            "SELECT transaction_id, room_id, type, content, queued_at, failure, remedy FROM outbox"
            " WHERE event_id IS NULL ORDER BY id"
        )
        return [
            QueuedMessage(
                transaction_id=transaction_id,
                room_id=room_id,
                type=type,
                content=msgspec.json.decode(content, type=dict[str, Json]),
                queued_at=queued_at,
                failure=failure,
                remedy=remedy,
            )
            for transaction_id, room_id, type, content, queued_at, failure, remedy in self._db.execute(query)
        ]

    def queue_again(self, transaction_id: str) -> OutboxRow | None:
        """Let a message that was given up wait again; None when there is none of that id."""
        row = self._one("transaction_id = ?", transaction_id)
        if row is not None:
            self._db.execute("UPDATE outbox SET failure = NULL, remedy = NULL WHERE id = ?", [row.id])
        return row

    def discard(self, transaction_id: str) -> OutboxRow | None:
        """Drop a message that was not sent and return it; None when there is none of that id."""
        row = self._one("transaction_id = ? AND event_id IS NULL", transaction_id)
        if row is not None:
            self._db.execute("DELETE FROM outbox WHERE id = ?", [row.id])
        return row

    def forget(self, prefix: str) -> None:
        """Drop every message that was not sent and whose transaction id begins with `prefix`."""
        self._db.execute(
            "DELETE FROM outbox WHERE event_id IS NULL AND substr(transaction_id, 1, ?) = ?",
            [len(prefix), prefix],
        )

    def waiting_files(self) -> frozenset[str]:
        """Return the names of the files of the messages that were not sent."""
        query = "SELECT waiting FROM outbox WHERE waiting IS NOT NULL AND event_id IS NULL"
        return frozenset(name for (name,) in self._db.execute(query))

    def uploaded(self, row: OutboxRow, content: Content) -> None:
        """Keep the content of a message that now says where its file is."""
        self._db.execute("UPDATE outbox SET content = ? WHERE id = ?", [_encode(content), row.id])

    def rooms_waiting(self) -> list[str]:
        """Return the rooms that have something to be sent."""
        query = "SELECT DISTINCT room_id FROM outbox WHERE event_id IS NULL AND failure IS NULL"
        return [room_id for (room_id,) in self._db.execute(query)]

    def seal(self, row: OutboxRow, sealed: dict[str, Json]) -> None:
        """Keep the ciphertext, in the transaction that saves the ratchet which made it."""
        self._db.execute("UPDATE outbox SET sealed = ? WHERE id = ?", [_encode(sealed), row.id])

    def sent(self, row: OutboxRow, event_id: str) -> None:
        """Note that the server has the message. What it said is in the timeline, so it is dropped here."""
        self._db.execute(
            "UPDATE outbox SET event_id = ?, content = '{}', sealed = NULL WHERE id = ?", [event_id, row.id]
        )

    def failed(self, row: OutboxRow, failure: str, remedy: str) -> None:
        """Note that the message cannot be sent; the ciphertext goes, as its key may be worn by then."""
        self._db.execute(
            "UPDATE outbox SET failure = ?, remedy = ?, sealed = NULL WHERE id = ?", [failure, remedy, row.id]
        )

    def _one(self, condition: str, value: str | int) -> OutboxRow | None:
        query = f"SELECT {_COLUMNS} FROM outbox WHERE {condition}"  # noqa: S608 # fixed columns, our own words
        row = self._db.execute(query, [value]).fetchone()
        return None if row is None else _row(row)


def _row(row: tuple[int, str, str, str, bytes, bytes | None, str | None, str | None]) -> OutboxRow:
    number, room_id, transaction_id, type, content, sealed, event_id, waiting = row
    return OutboxRow(
        number,
        room_id,
        transaction_id,
        type,
        msgspec.json.decode(content, type=dict[str, Json]),
        None if sealed is None else msgspec.json.decode(sealed, type=dict[str, Json]),
        event_id,
        waiting,
    )
