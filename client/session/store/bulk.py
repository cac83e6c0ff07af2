"""Inserting many rows with few statements.

A thread that writes gives Python's global lock back for the length of a statement and waits for it after
each: with a row a statement it would wait for the event loop at every row.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from client.session.store.sqlcipher import Database

_SIZES = (64, 8, 1)
"""Rows of a statement: a few sizes, so that SQLite has each of them prepared already."""


def insert_rows(db: Database, into: str, rows: Iterable[Sequence[object]]) -> None:
    """Run `into`, which is an INSERT up to its VALUES, for all rows, in the caller's transaction.

    Rows are taken as they are needed, some at a time.
    """
    remaining = iter(rows)
    while batch := list(itertools.islice(remaining, _SIZES[0])):
        one = f"({', '.join('?' * len(batch[0]))})"
        for size in _SIZES:
            while len(batch) >= size:
                values = [value for row in batch[:size] for value in row]
                db.conn.execute(f"{into} VALUES {', '.join([one] * size)}", values)
                batch = batch[size:]
