"""The full-text index over the timeline: which words stand at which position, never the text itself.

An FTS5 table without content, inside the encrypted store. A row's number is the position of its event, so
that the newest come first without a sort and a span of time is a span of rows. Room and sender are words too,
in a column of their own: `in:` and `from:` cost no look at the events. Who writes the timeline writes the
index in the same transaction. (What is taken out is found no more at once; its words leave the file when FTS5
next merges them.)
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from client.session.events import Json, SearchHit, Trust
from client.session.store.message_text import new_body
from client.session.store.searchable_text import searchable
from client.session.store.sqlcipher import Database

CREATE = (
    """CREATE VIRTUAL TABLE event_words USING fts5(body, tags, content='', contentless_delete=1,
        tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co M*'", prefix='2 3 4')""",
    # SQLCipher keeps 80 bytes of a page for itself: a leaf of FTS5's own size would take two pages.
    "INSERT INTO event_words (event_words, rank) VALUES ('pgsz', 3960)",
    # Of every 8 parts one is made: twice as seldom as by default, as every sync adds some.
    "INSERT INTO event_words (event_words, rank) VALUES ('automerge', 8)",
)

# As it is, FTS5 merges in whichever transaction happens to be the one too many; `merge_some` does it beside
# the event loop. Should that not be called, a transaction still does, once there are so many parts of a size.
MERGE_BESIDE = (
    "INSERT INTO event_words (event_words, rank) VALUES ('automerge', 0)",
    "INSERT INTO event_words (event_words, rank) VALUES ('crisismerge', 128)",
)
_PIECE = 64
"""Pages that are merged in one transaction: whoever else writes waits for it, some milliseconds."""
_PIECES = 32
"""Pieces that are merged at a time, some times what a thousand pages of the log leave to be merged."""


class IndexRow(msgspec.Struct, frozen=True):
    """One event as the index takes it in."""

    position: int
    text: str
    room_id: str
    sender: str


_AT_ONCE = 1_000
# One statement for all: before each, whatever its table, FTS5 writes out what it has gathered, and many small
# writes soon make it merge its parts, which costs more than all the rest of taking a message in.
_ADD = """INSERT INTO event_words (rowid, body, tags)
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)"""
_TRUST = {trust.value: trust for trust in Trust}
_FIND = """SELECT event_words.rowid, hit.room_id, hit.event_id, hit.sender, hit.sent_at, hit.body, hit.trust,
        hit.edited_by
    FROM event_words CROSS JOIN events AS hit ON hit.position = event_words.rowid
    WHERE event_words MATCH ? AND event_words.rowid >= ? AND event_words.rowid < ?
    ORDER BY event_words.rowid DESC LIMIT ?"""


class SearchIndex:
    """Reads the index, and writes it within the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, rows: Iterable[IndexRow]) -> None:
        """Take events in that are not there; in the order of their positions it costs least."""
        remaining = iter(rows)
        while batch := list(itertools.islice(remaining, _AT_ONCE)):
            added = [(row.position, searchable(row.text), _tags(row.room_id, row.sender)) for row in batch]
            self._db.conn.execute(_ADD, [msgspec.json.encode(added).decode()])

    def remove(self, positions: Iterable[int]) -> None:
        """Take events out, those that are there."""
        self._db.conn.executemany(
            "DELETE FROM event_words WHERE rowid = ?", [(position,) for position in positions]
        )

    def find(self, expression: str, *, since: int, before: int, limit: int) -> list[SearchHit]:
        """Return the newest messages that an FTS5 `expression` matches, from position `since` to `before`."""
        rows = self._db.conn.execute(_FIND, (expression, since, before, limit)).fetchall()
        edited_by = [row[-1] for row in rows if row[-1] is not None]
        newest = self._new_bodies(edited_by) if edited_by else {}
        return [
            SearchHit(
                position=position,
                room_id=room_id,
                event_id=event_id,
                sender=sender,
                sent_at=sent_at,
                body=newest.get(edit, body),
                trust=_TRUST[trust],
            )
            for position, room_id, event_id, sender, sent_at, body, trust, edit in rows
        ]

    def _new_bodies(self, positions: list[int]) -> dict[int, str]:
        query = "SELECT position, content FROM events WHERE position IN (SELECT value FROM json_each(?))"
        rows = self._db.conn.execute(query, [msgspec.json.encode(positions).decode()])
        return {
            position: new_body(msgspec.json.decode(content, type=dict[str, Json]))
            for position, content in rows
        }


def merge_some(db: Database) -> None:
    """Make few parts of the index' many, so that a search looks into few; in transactions of its own."""
    for _ in range(_PIECES):
        before = db.conn.total_changes
        db.conn.execute("INSERT INTO event_words (event_words, rank) VALUES ('merge', ?)", [_PIECE])
        if db.conn.total_changes - before < 2:  # FTS5, "The 'merge' command": nothing was left
            return


def room_tag(room_id: str) -> str:
    """Return the word that stands for a room in the column `tags`."""
    return _tag("r", room_id)


def sender_tag(sender: str) -> str:
    """Return the word that stands for a sender, given by user id, or by localpart alone."""
    if sender.startswith("@") and ":" in sender:
        return _tag("u", sender)
    return _tag("l", sender.removeprefix("@").casefold())


@lru_cache(maxsize=4096)
def _tags(room_id: str, sender: str) -> str:
    localpart = sender.partition(":")[0]
    return f"{room_tag(room_id)} {sender_tag(sender)} {sender_tag(localpart)}"


def _tag(kind: str, name: str) -> str:
    # A hash is one word whatever the name is made of; nobody finds two names with the same.
    return kind + hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=16).hexdigest()
