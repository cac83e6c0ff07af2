"""The index is written in parts, one a transaction: they are merged beside the event loop, not on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.session.store import checkpoints
from client.session.store.checkpoints import Checkpoints
from client.session.store.sqlcipher import Database
from client.session.store.timeline import Timeline
from tests.client.session.store.timelines import message, opened

_TRANSACTIONS = 40


def _write(db: Database) -> None:
    timeline = Timeline(db)
    for number in range(_TRANSACTIONS):
        words = " ".join(f"w{number}x{word}" for word in range(1_000))  # some pages: else there is no merging
        timeline.append([message(f"${number}", f"statement {words}")])


def _parts(db: Database) -> int:
    parts: int = db.execute("SELECT count(DISTINCT segid) FROM event_words_idx").fetchone()[0]
    return parts


def test_no_transaction_merges_what_others_have_written(tmp_path: Path) -> None:
    """However many there were, a transaction writes its own part only."""
    db = opened(tmp_path)
    _write(db)
    assert _parts(db) == _TRANSACTIONS
    db.close()


async def test_a_checkpoint_merges_and_everything_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few parts are left of many, and each message is found once, also what is written after."""
    monkeypatch.setattr(checkpoints, "_LONG", 1)
    db = opened(tmp_path)
    _write(db)
    await Checkpoints(db).after_commit()
    assert _parts(db) < 10
    timeline = Timeline(db)
    timeline.append([message("$late", "statement late")])
    hits = timeline.index.find("statement", since=0, before=2**62, limit=1_000)
    assert len({hit.event_id for hit in hits}) == len(hits) == _TRANSACTIONS + 1
    db.close()


def test_without_any_checkpoint_the_parts_do_not_become_too_many(tmp_path: Path) -> None:
    """A transaction merges all the same once there are some hundred parts of a size."""
    db = opened(tmp_path)
    timeline = Timeline(db)
    for number in range(300):
        timeline.append([message(f"${number}", f"statement {number}")])
    assert _parts(db) < 200
    db.close()
