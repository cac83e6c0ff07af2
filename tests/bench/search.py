"""How long a search among a million messages takes, as a ratio to the bare FTS5 query without encryption.

    .venv/bin/python -m tests.bench.search [--messages 1000000] [--runs 200]

The floor: the query of the index alone, row numbers only, on an unencrypted copy of the same store with the
same SQLite. The figures: `Search.find`, which reads the query, decrypts, and joins the messages. Each query
is timed once after opening, and then warm; the two take turns. Everything lies in a temporary folder.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlcipher3 import dbapi2

from client.session.events import SearchHit
from client.session.search import Search
from client.session.store.room_store import RoomStore
from client.session.store.schema import account_schema
from client.session.store.search_index import SearchIndex
from client.session.store.vault import Vault, migrate, open_vault
from tests.bench.big_store import MESSAGES, ROOMS, SENDERS, copied_without_key, fill

KEY = bytes(range(32))
QUERIES = {
    "stat": "stat",
    "witn": "witn",
    "stat in:ROOM": f"stat in:{ROOMS[7]}",
    "stat from:USER": f"stat from:{SENDERS[7]}",
    "witn in:ROOM from:NAME": f"witn in:{ROOMS[7]} from:member.7",
}
LIMIT = 20
OPENINGS = 9

Query = Callable[[], object]
Opened = tuple[Query, Callable[[], None]]
"""A query, and what closes the store that it asks."""


class _Recorder(SearchIndex):
    """Notes the expression that a search asks for, so that the floor asks for the very same."""

    expression = ""

    def find(self, expression: str, *, since: int, before: int, limit: int) -> list[SearchHit]:
        self.expression = expression
        return []


def expression_of(db: Vault, query: str) -> str:
    """Return the FTS5 expression of a query."""
    recorder = _Recorder(db)
    Search(recorder, RoomStore(db), "@own:court.rogatory.test").find(query)
    return recorder.expression


def floor(path: Path, expression: str) -> Opened:
    """Open the copy for the bare query."""
    connection = dbapi2.connect(str(path))
    query = "SELECT rowid FROM event_words WHERE event_words MATCH ? ORDER BY rowid DESC LIMIT ?"
    return lambda: connection.execute(query, (expression, LIMIT)).fetchall(), connection.close


def ours(path: Path, query: str) -> Opened:
    """Open the store for the search."""
    db = open_vault(path, KEY)
    search = Search(SearchIndex(db), RoomStore(db), "@own:court.rogatory.test")
    return lambda: search.find(query, limit=LIMIT), db.close


def timed(query: Query) -> float:
    """Seconds that a query takes."""
    began = time.perf_counter()
    query()
    return time.perf_counter() - began


def measured(open_both: Callable[[], tuple[Opened, Opened]], runs: int) -> list[float]:
    """Return the median seconds: the floor warm, ours warm, the floor's first, our first."""
    times: list[list[float]] = [[], [], [], []]
    for _ in range(OPENINGS):
        (bare, close_bare), (our, close_our) = open_both()
        times[2].append(timed(bare))
        times[3].append(timed(our))
        for _ in range(runs // OPENINGS + 1):
            times[0].append(timed(bare))
            times[1].append(timed(our))
        close_bare()
        close_our()
    return [statistics.median(each) for each in times]


def make_store(path: Path, copy: Path, messages: int) -> dict[str, str]:
    """Make the store and its unencrypted copy; return the queries' FTS5 expressions."""
    db = open_vault(path, KEY)
    migrate(db, account_schema, path)
    with db.atomic():
        rooms = [(room,) for room in ROOMS]
        db.conn.executemany("INSERT INTO rooms VALUES (?, 'join', NULL, 0, 0, 0)", rooms)
    fill(db, messages)
    copied_without_key(db, copy)
    expressions = {name: expression_of(db, query) for name, query in QUERIES.items()}
    db.close()
    return expressions


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path, copy = Path(scratch) / "store.db", Path(scratch) / "plain.db"
        began = time.perf_counter()
        expressions = make_store(path, copy, options.messages)
        say(f"{options.messages} messages, made in {time.perf_counter() - began:.0f} s")
        for name, query in QUERIES.items():
            bare, our, bare_first, our_first = measured(
                lambda: (floor(copy, expressions[name]), ours(path, query)),  # noqa: B023 # called at once
                options.runs,
            )
            say(
                f"{name:<24} bare {bare * 1e3:.3f} ms, ours {our * 1e3:.3f} ms"
                f" = {our / bare:.2f} x (bound 2);"
                f" first after opening {bare_first * 1e3:.2f} and {our_first * 1e3:.2f} ms"
                f" = {our_first / bare_first:.1f} x (bound 8)"
            )


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 - the figures are what this program is for


if __name__ == "__main__":
    main()
