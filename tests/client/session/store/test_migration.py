"""A store of an earlier version, with messages in it, becomes one that is searched."""

from __future__ import annotations

from pathlib import Path

from client.session.search import Search
from client.session.store.gap_store import GapStore
from client.session.store.room_store import RoomStore
from client.session.store.schema import account_schema
from client.session.store.search_index import SearchIndex
from client.session.store.timeline import Timeline
from client.session.store.vault import Vault, open_vault
from tests.client.session.store.timelines import ALICE, BOB, ROOM, Reader, message, opened

_EDIT = (
    b'{"msgtype":"m.text","body":"* corrected","m.new_content":{"msgtype":"m.text","body":"corrected"},'
    b'"m.relates_to":{"rel_type":"m.replace","event_id":"$1"}}'
)


def earlier_store(folder: Path) -> Vault:
    """Open a store as it was before there was an index."""
    db = open_vault(folder / "store.db", bytes(32))
    account_schema.apply(db, stop_before="find_events_by_the_beginning_of_their_ids")
    return db


def put(
    db: Vault, number: int, sender: str, content: bytes, body: str | None, reason: str | None = None
) -> None:
    db.execute(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, 'm.room.message', ?, ?, 'pinned', ?, NULL, NULL, NULL)",
        [number, number, ROOM, f"${number}", sender, number, content, body, reason],
    )


def test_what_was_stored_before_is_found_after_the_migration(tmp_path: Path) -> None:
    """Messages, edits and names of files of an earlier version are found; what was redacted is not."""
    db = earlier_store(tmp_path)
    put(db, 1, ALICE, b'{"msgtype":"m.text","body":"mistaken words"}', "mistaken words")
    put(db, 2, ALICE, _EDIT, "* corrected")
    put(db, 3, BOB, _EDIT.replace(b"corrected", b"forged"), "* forged")
    put(db, 4, BOB, b"{}", None, "It was redacted.")
    put(db, 5, BOB, b'{"msgtype":"m.file","body":"see","filename":"ruling.pdf"}', "see")
    put(db, 6, BOB, _EDIT.replace(b"$1", b"$gone"), "* corrected")
    db.close()
    db = opened(tmp_path)
    search = Search(SearchIndex(db), RoomStore(db), BOB)
    assert [(hit.event_id, hit.body) for hit in search.find("corrected")] == [
        ("$6", "corrected"),
        ("$1", "corrected"),
    ]
    assert search.find("mistaken") == search.find("forged") == search.find("redacted") == []
    assert [hit.event_id for hit in search.find("ruling")] == ["$5"]
    with db.atomic():
        Timeline(db).append([message("$7", "written after the migration")])
    assert [hit.event_id for hit in search.find("migration")] == ["$7"]
    assert [event.event_id for event in Timeline(db).page(ROOM, None, 100)] == [f"${n}" for n in range(1, 8)]
    db.close()


def test_a_gap_of_an_earlier_version_is_walked_through_anew(tmp_path: Path) -> None:
    """What was held back behind it still is, and once it is closed it is told of, once."""
    db = open_vault(tmp_path / "store.db", bytes(32))
    account_schema.apply(db, stop_before="keep_how_far_a_walk_has_come")
    timeline = Timeline(db)
    timeline.append([message("$1", "before", sent_at=1_000)])
    reader = Reader(timeline, timeline.arrived())
    lower = timeline.end_of(ROOM)
    db.execute("INSERT INTO gaps VALUES (?, ?, 'half way', 100, 1000, 1, NULL, 0)", [ROOM, lower])
    timeline.append([message("$2", "behind", sent_at=2_000)])
    db.close()
    db = opened(tmp_path)
    timeline = reader.timeline = Timeline(db)
    gaps = GapStore(db, timeline)
    gap = gaps.oldest(ROOM)
    assert gap is not None
    assert (gap.token, gap.fetched) == ("", 0)
    assert reader.next_ids() == []
    gaps.close(gap)
    assert reader.next_ids() == ["$2"]
    assert reader.next_ids() == []
    db.close()
