from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from client.session.backfill import missing_events
from client.session.errors import NotFound
from client.session.events import Json, Trust
from client.session.store.schema import account_schema
from client.session.store.timeline import NewEvent, Timeline
from client.session.store.vault import migrate, open_vault


class Pages:
    """GET /messages over events 0 to 249, newest first, a hundred a page."""

    def __init__(self, *, refuse_at: int | None = None) -> None:
        self.refuse_at = refuse_at
        self.asked: list[int] = []

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Json] | None = None,
        timeout: float = 30.0,
    ) -> bytes:
        assert query is not None
        below = int(query["from"])
        self.asked.append(below)
        if below == self.refuse_at:
            raise NotFound("x", why="y", remedy="z", status=404, errcode="M_NOT_FOUND")
        chunk = [{"event_id": f"${number}"} for number in range(below - 1, max(below - 101, -1), -1)]
        end = {"end": str(below - 100)} if below > 100 else {}
        return msgspec.json.encode({"chunk": chunk, **end})


def _timeline(path: Path, *known: str) -> Timeline:
    db = open_vault(path, bytes(32))
    migrate(db, account_schema, path)
    timeline = Timeline(db)
    timeline.append([NewEvent("!r", name, "@a:x", 1, "m.room.message", {}, Trust.PINNED) for name in known])
    return timeline


def _ids(events: list[msgspec.Raw]) -> list[str]:
    return [msgspec.json.decode(event)["event_id"] for event in events]


async def test_a_gap_is_fetched_back_to_what_is_stored_oldest_first(tmp_path: Path) -> None:
    """Fetching ends at the first stored event and gives what lies between, in order."""
    pages = Pages()
    found = await missing_events(pages, _timeline(tmp_path / "a.db", "$99"), "!r", "250")
    assert _ids(found) == [f"${number}" for number in range(100, 250)]
    assert pages.asked == [250, 150]


async def test_a_new_room_is_fetched_from_its_beginning(tmp_path: Path) -> None:
    """A room that is new to us is fetched whole, oldest first."""
    found = await missing_events(Pages(), _timeline(tmp_path / "a.db"), "!r", "250")
    assert _ids(found) == [f"${number}" for number in range(250)]


async def test_a_refusal_keeps_what_was_fetched(tmp_path: Path) -> None:
    """A server that refuses an older page costs that page only."""
    found = await missing_events(Pages(refuse_at=150), _timeline(tmp_path / "a.db", "$0"), "!r", "250")
    assert _ids(found) == [f"${number}" for number in range(150, 250)]
