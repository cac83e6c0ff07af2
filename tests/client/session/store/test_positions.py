"""Where what a sync brings is put: at its time, after all that its room has, beside what other rooms have."""

from __future__ import annotations

from pathlib import Path

from client.session.store.timeline import SHIFT, Timeline
from tests.client.session.store.timelines import message, opened

ALIKE = ("!room", "!other107758")
"""Two rooms that want the same positions: found by trying."""


def test_rooms_keep_off_each_other_in_the_same_millisecond(tmp_path: Path) -> None:
    """What is said in many rooms at once stands in that millisecond, and nobody looks for a free position."""
    db = opened(tmp_path)
    asked: list[str] = []
    db.conn.set_trace_callback(asked.append)
    for sent_at in (5_000, 6_000):
        said = [message(f"${sent_at}-{n}", "text", room_id=f"!room{n}", sent_at=sent_at) for n in range(40)]
        assert [event.position >> SHIFT for event in Timeline(db).append(said)] == [sent_at] * 40
    db.conn.set_trace_callback(None)
    assert asked
    assert not [statement for statement in asked if "FROM events WHERE position = " in statement]
    db.close()


def test_rooms_that_want_the_same_positions_get_others_in_order(tmp_path: Path) -> None:
    """Within one answer and after an earlier one: nothing is lost, and each room's order stays."""
    db = opened(tmp_path)
    timeline = Timeline(db)
    wanted = set()
    for room in ALIKE:
        db.execute("BEGIN")
        wanted |= {event.position for event in timeline.append([message("$", "text", room_id=room)])}
        db.execute("ROLLBACK")
    assert len(wanted) == 1
    names = [f"${number}" for number in range(15)]
    for answer in (names[:5], names[5:10], names[10:]):
        both = [message(name + room, "text", room_id=room) for name in answer for room in ALIKE]
        assert len({event.position for event in timeline.append(both)}) == 10
    for room in ALIKE:
        assert [event.event_id for event in timeline.page(room, None, 100)] == [name + room for name in names]
    db.close()


def test_what_must_move_moves_past_what_is_there(tmp_path: Path) -> None:
    """The next position is somebody's too: the one behind it is taken."""
    db = opened(tmp_path)
    timeline = Timeline(db)
    [first] = timeline.append([message("$1", "text", room_id=ALIKE[0])])
    [second] = timeline.place([(first.position + 1, message("$2", "text", room_id="!elsewhere"))])
    [third] = timeline.append([message("$3", "text", room_id=ALIKE[1])])
    assert third.position == second.position + 1
    db.close()
