"""A store with a million messages, made quickly: bulk SQL, its indexes built at the end."""

from __future__ import annotations

import base64
import itertools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from client.session.events import Trust
from client.session.store.search_index import IndexRow, SearchIndex, merge_some
from client.session.store.sqlcipher import Database
from client.session.store.timeline import position_of

MESSAGES = 1_000_000
ROOMS = tuple(f"!{base64.b64encode(bytes([room]) * 32).decode()[:43]}" for room in range(40))
SENDERS = tuple(f"@member.{number}:region-{number % 6}.rogatory.test" for number in range(200))
BEGAN = 1_700_000_000_000
"""Milliseconds since 1970 UTC of the first message; each following one is a minute later."""
_STEP = 60_000
_BATCH = 20_000
_Row = tuple[int, int, str, str, str, int, str, bytes, str, str, str, int]
_KNOWN_WORDS = {40: "statement", 60: "states", 400: "witness", 450: "witnesses", 9_000: "rogatory"}
"""Words of the law, by how common they are among the 50,000."""


def vocabulary() -> list[str]:
    """Return 50,000 words, the most frequent first."""
    chance = random.Random(1)  # noqa: S311 # words, not secrets
    syllables = ["".join(pair) for pair in itertools.product("bcdfghklmnprtv", "aeiou")]
    words: dict[str, None] = {}
    while len(words) < 50_000:
        words["".join(chance.choices(syllables, k=chance.randint(2, 5)))] = None
    ordered = list(words)
    for rank, word in _KNOWN_WORDS.items():
        ordered[rank] = word
    return ordered


def texts(count: int, seed: int = 2) -> Iterator[str]:
    """Yield texts of 3 to 22 words, each word as frequent as its rank says (Zipf)."""
    chance = random.Random(seed)  # noqa: S311 # words, not secrets
    words = vocabulary()
    weights = list(itertools.accumulate(1 / (rank + 2) for rank in range(len(words))))
    stock: Sequence[str] = ()
    place = 0
    for _ in range(count):
        length = chance.randint(3, 22)
        if place + length > len(stock):
            stock, place = chance.choices(words, cum_weights=weights, k=100_000), 0
        yield " ".join(stock[place : place + length])
        place += length


def fill(db: Database, messages: int = MESSAGES) -> None:
    """Put messages into an empty store: in every room and from every sender in turn.

    Most go in before there are indexes, which is quick but leaves pages full to the brim; the rest come as
    they do in years of use, so that what is measured next finds pages and index as years of use leave them.
    """
    query = (
        "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'events' AND type = 'index' AND sql IS NOT NULL"
    )
    indexes = db.execute(query).fetchall()
    rows = _rows(messages)
    db.execute("INSERT INTO event_words (event_words, rank) VALUES ('hashsize', 67108864)")
    with db.atomic():
        for name, _ in indexes:
            db.execute(f"DROP INDEX {name}")
        _put(db, rows, messages * 2 // 3)
        for _, statement in indexes:
            db.execute(statement)
    db.execute("INSERT INTO event_words (event_words) VALUES ('optimize')")
    db.execute("INSERT INTO event_words (event_words, rank) VALUES ('hashsize', 1048576)")
    with db.atomic():
        _put(db, rows, messages - messages * 2 // 3)
        db.execute("INSERT INTO event_ids SELECT substr(event_id, 2, 8), position FROM events ORDER BY 1, 2")


def _put(db: Database, rows: Iterator[_Row], count: int) -> None:
    index = SearchIndex(db)
    rows = itertools.islice(rows, count)
    while batch := list(itertools.islice(rows, _BATCH)):
        db.conn.executemany(
            "INSERT INTO events (position, arrived, room_id, event_id, sender, sent_at, type, content,"
            " body, trust, session_id, message_index) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            batch,
        )
        index.add(IndexRow(row[0], row[8], row[2], row[4]) for row in batch)
        merge_some(db)


def _rows(messages: int) -> Iterator[_Row]:
    chance = random.Random(3)  # noqa: S311 # names, not secrets
    for number, text in enumerate(texts(messages), 1):
        room = number % len(ROOMS)
        sent_at = BEGAN + number * _STEP
        yield (
            position_of(sent_at),
            number,
            ROOMS[room],
            "$" + base64.urlsafe_b64encode(chance.randbytes(32)).decode().rstrip("="),
            SENDERS[chance.randrange(len(SENDERS))],
            sent_at,
            "m.room.message",
            b'{"msgtype":"m.text","body":"%b"}' % text.encode(),
            text,
            Trust.PINNED.value,
            f"old-session-{number // 4_000:04d}-{room:02d}-" + "s" * 22,
            number,
        )


def copied_without_key(db: Database, path: Path) -> None:
    """Write an unencrypted copy of a store: for the floor of a benchmark only."""
    db.execute("ATTACH DATABASE ? AS plain KEY ''", [str(path)])
    db.execute("SELECT sqlcipher_export('plain')")
    db.execute("DETACH DATABASE plain")
