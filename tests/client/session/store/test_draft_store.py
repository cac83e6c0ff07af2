"""One draft a room, in the store."""

from __future__ import annotations

from pathlib import Path

from client.session.store.draft_store import DraftStore
from tests.client.session.store.timelines import opened


def test_a_room_has_one_draft_until_it_is_emptied(tmp_path: Path) -> None:
    """The last text stays over a reopening, each room its own, and an empty one is no row."""
    db = opened(tmp_path)
    drafts = DraftStore(db)
    drafts.put("!a", "first")
    drafts.put("!a", "second")
    drafts.put("!b", "other")
    db.close()
    db = opened(tmp_path)
    drafts = DraftStore(db)
    assert (drafts.get("!a"), drafts.get("!b"), drafts.get("!c")) == ("second", "other", "")
    drafts.put("!a", "")
    assert db.execute("SELECT room_id FROM drafts").fetchall() == [("!b",)]
    db.close()
