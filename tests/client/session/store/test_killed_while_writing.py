"""kill -9 in the middle of writing leaves timeline and index in step, and nothing in the clear."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from client.session.search import Search
from client.session.store.room_store import RoomStore
from client.session.store.search_index import SearchIndex
from tests.client.session.store.timelines import ALICE, opened
from tests.client.session.store.writing_process import LOT

_KILLS = 8


def write_and_kill(folder: Path, lots: int) -> int:
    """Let a process write, kill it once it has acknowledged some lots, and return the last of these."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.client.session.store.writing_process", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for _ in range(lots):
            line = process.stdout.readline()
            assert line, "the process ended by itself"
        process.kill()  # in the middle of the next lot
        return max(int(number) for number in [line, *process.stdout.read().split()])


def test_killed_again_and_again_rows_and_index_are_the_same(tmp_path: Path) -> None:
    """Every lot that was acknowledged is whole in both, one that was not is in both or in neither."""
    for kill in range(_KILLS):
        acknowledged = write_and_kill(tmp_path, 2 + kill % 3)
        for path in tmp_path.iterdir():
            assert b"canary" not in path.read_bytes()
        db = opened(tmp_path)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        db.execute("INSERT INTO event_words (event_words) VALUES ('integrity-check')")
        texts = db.execute(
            "SELECT position FROM events WHERE body IS NOT NULL AND replaces IS NULL"
        ).fetchall()
        assert sorted(texts) == sorted(db.execute("SELECT rowid FROM event_words").fetchall())
        rows = db.execute("SELECT count(*) FROM events").fetchone()[0]
        assert rows % (LOT + 1) == 0
        assert rows // (LOT + 1) > acknowledged
        search = Search(SearchIndex(db), RoomStore(db), ALICE)
        for number in range(acknowledged + 1):
            assert len(search.find(f'"lot{number} text"', limit=1_000)) == LOT - 2
        assert len(search.find("edited", limit=1_000)) == rows // (LOT + 1)
        db.close()
