"""The register: what the Court has asked, as an append-only log whose events are chained by their hashes.

Everything else about a request follows from its events. The database is encrypted like an account's store.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec

from bridge.errors import RegisterDamaged, RequestUnknown
from bridge.register_event import FIRST_LINK, EventKind, RegisterEvent, link
from bridge.register_schema import register_schema
from bridge.request_record import RequestRecord, RequestStatus, follow
from client.session.local.lock import FileLock
from client.session.local.private_files import private_folder
from client.session.store.sqlcipher import Database
from client.session.store.vault import migrate, open_vault, reported_failures
from policies.trust import canonical_json
from policies.trust.errors import CanonicalJsonError
from policies.trust.times import format_time

_COLUMNS = "sequence, at, kind, request_id, payload, previous_sha256, sha256"


def _now() -> datetime:
    return datetime.now(UTC)


class Register:
    """An open register. Several processes may have it open; each append is one transaction."""

    def __init__(self, db: Database, path: Path, now: Callable[[], datetime] = _now) -> None:
        self._db = db
        self._path = path
        self._now = now

    @classmethod
    def open(cls, path: Path, key: bytes, *, now: Callable[[], datetime] = _now) -> Self:
        """Open the register at `path` with its 32-byte key, creating it with mode 0600.

        `now` is the clock. Raises StoreError or StoreKeyWrong (client.session.errors).
        """
        private_folder(path.parent)
        db = open_vault(path, key)
        db.execute("PRAGMA synchronous = full")  # what is recorded here must outlive a power cut
        migrate(db, register_schema, path)
        return cls(db, path, now)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def now(self) -> datetime:
        """The register's time: the clock it was opened with."""
        return self._now()

    @property
    def database(self) -> Database:
        """The database, for tables that lie beside the log, as what was answered to whom."""
        return self._db

    @property
    def path(self) -> Path:
        """Where the database lies."""
        return self._path

    def append(
        self,
        kind: EventKind,
        request_id: str,
        payload: Mapping[str, object],
        beside: Callable[[RequestRecord], None] | None = None,
    ) -> RequestRecord:
        """Record one event, and return the request as it stands after it. On the disk when this returns.

        `beside` writes to `database` in the same transaction; what it raises leaves nothing of either.
        Raises ValueError when the event cannot follow what is there, StoreError when it cannot be written.
        """
        with self._writing():
            previous = self._db.execute(
                "SELECT sequence, sha256 FROM events ORDER BY sequence DESC LIMIT 1"
            ).fetchone()
            sequence, previous_sha256 = previous or (0, FIRST_LINK)
            unlinked = RegisterEvent(
                sequence=sequence + 1,
                at=format_time(self._now()),
                kind=kind,
                request_id=request_id,
                payload=dict(payload),
                previous_sha256=previous_sha256,
                sha256="",
            )
            event = msgspec.structs.replace(unlinked, sha256=link(unlinked))
            record = follow(self._record(request_id), event)
            self._insert(event)
            self._project(record)
            if beside is not None:
                beside(record)
        return record

    def events(self, request_id: str | None = None) -> Iterator[RegisterEvent]:
        """Yield the events, of one request or of all, in order."""
        where, arguments = ("WHERE request_id = ?", [request_id]) if request_id else ("", [])
        query = f"SELECT {_COLUMNS} FROM events {where} ORDER BY sequence"  # noqa: S608 # fixed texts
        for row in self._db.execute(query, arguments):
            yield _event(row)

    def requests(self, *, open_only: bool = False) -> tuple[RequestRecord, ...]:
        """Return the requests, oldest first; with `open_only` those that are not delivered yet."""
        rows = self._db.execute("SELECT record, status FROM requests ORDER BY issued_at, request_id")
        return tuple(
            msgspec.json.decode(record, type=RequestRecord)
            for record, status in rows
            if not (open_only and status == RequestStatus.DELIVERED)
        )

    def requests_of_room(self, room_id: str) -> tuple[str, ...]:
        """Return the ids of the requests that have that room: one, or none."""
        query = "SELECT request_id FROM requests WHERE json_extract(record, '$.room_id') = ?"
        return tuple(request_id for (request_id,) in self._db.execute(query, [room_id]))

    def request(self, request_id: str) -> RequestRecord:
        """Return one request. Raises RequestUnknown."""
        record = self._record(request_id)
        if record is None:
            raise RequestUnknown(
                f"There is no request {request_id!r}.",
                why="The register has never recorded one with that id.",
                remedy="List the requests, and check the id.",
            )
        return record

    def verify_chain(self) -> str:
        """Check every event's hash and its tie to the one before; return the hash of the last.

        Raises RegisterDamaged with the first event that does not fit. Events that were cut off at the end
        leave a whole, shorter chain: compare the returned hash with one that was noted elsewhere.
        """
        head, expected = FIRST_LINK, 1
        try:
            for event in self.events():
                if (event.sequence, event.previous_sha256, event.sha256) != (expected, head, link(event)):
                    raise _damaged(expected)
                head, expected = event.sha256, expected + 1
        except (CanonicalJsonError, ValueError):
            raise _damaged(expected) from None
        return head

    def rebuild(self) -> int:
        """Make the projection anew from the events, and return how many requests there are."""
        records: dict[str, RequestRecord] = {}
        with self._writing():
            for event in self.events():
                records[event.request_id] = follow(records.get(event.request_id), event)
            self._db.execute("DELETE FROM requests")
            for record in records.values():
                self._project(record)
        return len(records)

    @contextmanager
    def working_on(self, request_id: str) -> Iterator[None]:
        """Work on a request alone: one process, and one task in it, at a time.

        Raises Locked (client.session.local.lock) when somebody else does.
        """
        path = self._path.with_name(f".{request_id}.lock")
        with FileLock(path):
            yield
            record = self._record(request_id)
            if record is not None and record.status is RequestStatus.DELIVERED:
                path.unlink(missing_ok=True)

    @contextmanager
    def signing_steps(self) -> Iterator[None]:
        """Add to cases alone: one process, and one task in it, at a time, and for a moment only.

        Raises Locked (client.session.local.lock) when somebody else does.
        """
        with FileLock(self._path.with_name(".steps.lock")):
            yield

    def _insert(self, event: RegisterEvent) -> None:
        payload = canonical_json.encode(event.payload).decode()
        row = [event.sequence, event.at, event.kind.value, event.request_id, payload]
        self._db.execute(
            f"INSERT INTO events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 # fixed columns
            [*row, event.previous_sha256, event.sha256],
        )

    def _project(self, record: RequestRecord) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO requests (request_id, status, issued_at, record) VALUES (?, ?, ?, ?)",
            [record.request_id, record.status.value, record.issued_at, msgspec.json.encode(record).decode()],
        )

    def _record(self, request_id: str) -> RequestRecord | None:
        row = self._db.execute("SELECT record FROM requests WHERE request_id = ?", [request_id]).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=RequestRecord)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that takes the write lock at once: two processes append one after the other.

        Raises StoreError for what SQLite raises, as a full disk.
        """
        with reported_failures(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:  # also when cancelled: cleaned up, then raised again
                if self._db.conn.in_transaction:  # a full disk has ended it already
                    self._db.execute("ROLLBACK")
                raise


def _event(row: tuple[int, str, str, str, str, str, str]) -> RegisterEvent:
    sequence, at, kind, request_id, payload, previous_sha256, sha256 = row
    return RegisterEvent(
        sequence=sequence,
        at=at,
        kind=EventKind(kind),
        request_id=request_id,
        payload=json.loads(payload),
        previous_sha256=previous_sha256,
        sha256=sha256,
    )


def _damaged(sequence: int) -> RegisterDamaged:
    return RegisterDamaged(
        f"The register is damaged at event {sequence}.",
        why="Its hash does not fit its content or the event before: something was altered or removed.",
        remedy="Keep this file as evidence, and restore the register from its last good backup.",
        sequence=sequence,
    )
