"""Finding events by their ids, of which only the beginning is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.session.store import event_ids
from client.session.store.timeline import Timeline
from tests.client.session.store.timelines import ROOM, message, opened

OTHER = "!other"
ALIKE = ("$abcdefgh-one", "$abcdefgh-two")
"""Two ids that begin alike."""


@pytest.mark.parametrize("moved", [False, True], ids=["new", "moved"])
def test_ids_that_begin_alike_and_rooms_are_told_apart(tmp_path: Path, moved: bool) -> None:
    """The row decides, not the beginning: neither another event nor another room's is taken for the one."""
    db = opened(tmp_path)
    timeline = Timeline(db)
    with db.atomic():
        first = timeline.append([message(ALIKE[0], "one")])[0]
        elsewhere = timeline.append([message(ALIKE[0], "elsewhere", room_id=OTHER)])[0]
    if moved:
        event_ids.move_new(db, many=1)
    assert event_ids.positions_of(db, ROOM, ALIKE) == {ALIKE[0]: first.position}
    assert event_ids.position_of(db, OTHER, ALIKE[0]) == elsewhere.position
    assert event_ids.position_of(db, OTHER, ALIKE[1]) is None
    with db.atomic():
        second = timeline.append([message(name, "again") for name in ALIKE])
    assert [event.event_id for event in second] == [ALIKE[1]]
    db.close()


def test_moving_moves_all_and_only_once_there_are_many(tmp_path: Path) -> None:
    """More than one transaction's worth is moved, and every event is still found."""
    db = opened(tmp_path)
    names = [f"${number:08}" for number in range(event_ids._LOT + 10)]
    with db.atomic():
        Timeline(db).append([message(name, "text") for name in names])
    event_ids.move_new(db)
    assert db["event_ids"].count == 0
    event_ids.move_new(db, many=len(names))
    assert (db["new_event_ids"].count, db["event_ids"].count) == (0, len(names))
    assert len(event_ids.positions_of(db, ROOM, names)) == len(names)
    db.close()


def test_what_stands_where_it_stood_is_noted_once(tmp_path: Path) -> None:
    """An event that is healed keeps its place and its id, moved or not."""
    db = opened(tmp_path)
    timeline = Timeline(db)
    with db.atomic():
        stored = timeline.append([message(ALIKE[0], "before")])[0]
    event_ids.move_new(db, many=1)
    with db.atomic():
        timeline.heal(stored.position, message(ALIKE[0], "after"))
    event_ids.move_new(db, many=1)
    assert event_ids.position_of(db, ROOM, ALIKE[0]) == stored.position
    assert db["event_ids"].count == 1
    db.close()
