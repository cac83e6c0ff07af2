"""What is still to be told to whom. The log of the register is the outbox: nothing is noted elsewhere first.

Of a request under seal nothing is told, not even an opaque id: that there is a message, and when, is already
something about it. For the same reason a message counts within its request and never in the whole log, where
gaps would show. Whoever may know of such requests reads the API with a token that has the scope `sealed`.
"""

from __future__ import annotations

import enum
import secrets
from collections.abc import Collection

import msgspec

from bridge.register import Register
from bridge.seal import OPEN_LEVELS
from client.session.secret import Secret
from client.session.store.vault import reported_failures

_AT_A_TIME = 500


class DeliveryState(enum.StrEnum):
    """Where a message to one endpoint stands. A dead letter was tried long enough: only `replay` sends it."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class MessageData(msgspec.Struct, frozen=True, kw_only=True):
    """Which request, what kind of event of the register, and the how manyth of that request."""

    request_id: str
    kind: str
    sequence: int


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """The body (Standard Webhooks, "Payload structure"): thin, so that no case content leaves this way."""

    type: str
    timestamp: str
    data: MessageData


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one endpoint. `attempts` is how often it was tried in vain."""

    delivery_id: int
    message_id: str
    url: str
    secret: Secret[bytes]
    body: bytes
    attempts: int


class Deliveries:
    """The messages in the register's database. Times are seconds since 1970."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._db = register.database

    def make_out(self, now: float) -> None:
        """Make out a message for each event that an endpoint was not told of, and note how far that is."""
        if not self._db.execute(
            "SELECT 1 FROM webhooks WHERE position < (SELECT max(sequence) FROM events)"
        ).fetchone():
            return
        with reported_failures(self._register.path), self._db.atomic():
            for webhook_id, position in self._db.execute(
                "SELECT webhook_id, position FROM webhooks"
            ).fetchall():
                self._make_out(webhook_id, position, now)

    def due(self, webhook_id: str, now: float, *, but: Collection[int], limit: int) -> list[Delivery]:
        """Return what an endpoint is to be sent now: of each request the oldest, unless it is in `but`."""
        rows = self._db.execute(
            f"""SELECT delivery_id, message_id, url, secret, body, attempts
                FROM webhook_deliveries AS this JOIN webhooks USING (webhook_id)
                WHERE webhook_id = ? AND state = 'pending' AND due <= ?
                AND delivery_id NOT IN ({", ".join("?" * len(but))})
                AND NOT EXISTS (SELECT 1 FROM webhook_deliveries AS earlier
                    WHERE earlier.webhook_id = this.webhook_id AND earlier.request_id = this.request_id
                    AND earlier.state = 'pending' AND earlier.event < this.event)
                ORDER BY due, delivery_id LIMIT ?""",  # noqa: S608 # question marks
            [webhook_id, now, *but, limit],
        )
        return [
            Delivery(
                delivery_id=delivery_id,
                message_id=message_id,
                url=url,
                secret=Secret(secret),
                body=body,
                attempts=attempts,
            )
            for delivery_id, message_id, url, secret, body, attempts in rows.fetchall()
        ]

    def delivered(self, delivery_id: int) -> None:
        """Note that the endpoint has taken a message."""
        self._set(delivery_id, "state = 'delivered', failure = NULL")

    def failed(self, delivery_id: int, failure: str, due: float | None) -> None:
        """Note why the endpoint has not, and when to try again; with None it is a dead letter."""
        state = DeliveryState.DEAD if due is None else DeliveryState.PENDING
        self._set(
            delivery_id,
            "state = ?, attempts = attempts + 1, failure = ?, due = ?",
            state,
            failure,
            due or 0.0,
        )

    def replay(self, webhook_id: str, now: float, *, delivered: bool = False) -> int:
        """Send an endpoint's dead letters again, with `delivered` all that it was told; return how many."""
        states = ("dead", "delivered") if delivered else ("dead", "dead")
        with reported_failures(self._register.path):
            changed = self._db.execute(
                "UPDATE webhook_deliveries SET state = 'pending', attempts = 0, due = ?"
                " WHERE webhook_id = ? AND state IN (?, ?)",
                [now, webhook_id, *states],
            )
        return int(changed.rowcount)

    def counts(self, webhook_id: str | None = None) -> dict[DeliveryState, int]:
        """Return how many messages are in each state, for one endpoint or for all."""
        found: dict[str, int] = dict(
            self._db.execute(
                "SELECT state, count(*) FROM webhook_deliveries WHERE webhook_id = coalesce(?, webhook_id)"
                " GROUP BY state",
                [webhook_id],
            ).fetchall()
        )
        return {state: found.get(state, 0) for state in DeliveryState}

    def last_failure(self, webhook_id: str) -> str | None:
        """Return why the newest message that an endpoint has not taken was not taken."""
        row = self._db.execute(
            "SELECT failure FROM webhook_deliveries WHERE webhook_id = ? AND failure IS NOT NULL"
            " ORDER BY event DESC LIMIT 1",
            [webhook_id],
        ).fetchone()
        return None if row is None else str(row[0])

    def _make_out(self, webhook_id: str, position: int, now: float) -> None:
        levels = ", ".join(f"'{level}'" for level in OPEN_LEVELS)
        events = self._db.execute(
            f"""SELECT sequence, at, kind, request_id,
                    (SELECT count(*) FROM events AS other
                     WHERE other.request_id = events.request_id AND other.sequence <= events.sequence),
                    json_extract(record, '$.draft.common.confidentiality') IN ({levels})
                FROM events JOIN requests USING (request_id) WHERE sequence > ?
                ORDER BY sequence LIMIT {_AT_A_TIME}""",  # noqa: S608 # fixed texts
            [position],
        ).fetchall()
        for event, at, kind, request_id, sequence, is_open in events:
            position = event
            if is_open:
                data = MessageData(request_id=request_id, kind=kind, sequence=sequence)
                body = msgspec.json.encode(Message(type=f"request.{kind}", timestamp=at, data=data))
                self._db.execute(
                    "INSERT INTO webhook_deliveries"
                    " (webhook_id, message_id, event, body, request_id, state, due)"
                    " VALUES (?, ?, ?, ?, ?, 'pending', ?)",
                    [webhook_id, f"msg_{secrets.token_hex(16)}", event, body, request_id, now],
                )
        self._db.execute("UPDATE webhooks SET position = ? WHERE webhook_id = ?", [position, webhook_id])

    def _set(self, delivery_id: int, what: str, *arguments: object) -> None:
        with reported_failures(self._register.path):
            self._db.execute(
                f"UPDATE webhook_deliveries SET {what} WHERE delivery_id = ?",  # noqa: S608 # fixed texts
                [*arguments, delivery_id],
            )
