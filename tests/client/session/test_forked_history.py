from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from vodozemac import GroupSession

from client.session.backfill import missing_events
from client.session.events import Json, Trust
from client.session.store.schema import account_schema
from client.session.store.timeline import NewEvent, Timeline
from client.session.store.vault import migrate, open_vault

Event = tuple[str, str]
"""Its id and its sender."""


class History:
    """GET /messages over events from the newest to the oldest, a hundred a page."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.pages = 0

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
        self.pages += 1
        begin = int(query["from"])
        chunk = [
            {"event_id": event_id, "sender": sender, "type": "m.room.encrypted"}
            for event_id, sender in self.events[begin : begin + 100]
        ]
        end = {"end": str(begin + 100)} if begin + 100 < len(self.events) else {}
        return msgspec.json.encode({"chunk": chunk, **end})


def _timeline(path: Path, known: Sequence[Event]) -> Timeline:
    db = open_vault(path, bytes(32))
    migrate(db, account_schema, path)
    timeline = Timeline(db)
    rows = [NewEvent(name, sender, 1, "m.room.message", {}, Trust.PINNED) for name, sender in reversed(known)]
    timeline.append("!r", rows)
    return timeline


def _chain(name: str, server: str, numbers: range) -> list[Event]:
    """What the users of a server said, newest first."""
    return [(f"${name}{number}", f"@{name}:{server}") for number in reversed(numbers)]


async def _missing(path: Path, history: History, known: Sequence[Event], later: Sequence[Event]) -> list[str]:
    raw = [
        msgspec.Raw(msgspec.json.encode({"event_id": event_id, "sender": sender}))
        for event_id, sender in later
    ]
    found = await missing_events(history, _timeline(path / "store.db", known), "!r", "0", raw)
    return [msgspec.json.decode(event)["event_id"] for event in found]


@pytest.mark.parametrize("ours", [3, 250])
async def test_what_the_other_side_said_during_an_outage_is_found_below_what_ours_said(
    tmp_path: Path, ours: int
) -> None:
    """Our own server's messages, which we have, do not hide the other's, however many they are."""
    before = [*_chain("a", "a.test", range(5)), *_chain("b", "b.test", range(2))]
    said_by_us = _chain("b", "b.test", range(2, 2 + ours))
    said_by_them = _chain("a", "a.test", range(5, 7))
    history = History([*said_by_us, *said_by_them, *before])
    found = await _missing(tmp_path, history, [*said_by_us, *before], [("$a7", "@a:a.test")])
    assert found == ["$a5", "$a6"]


async def test_a_walk_ends_when_every_chain_is_closed(tmp_path: Path) -> None:
    """A long history that is stored is not walked through again."""
    before = _chain("a", "a.test", range(5_000))
    history = History([*_chain("a", "a.test", range(5_000, 5_150)), *before])
    found = await _missing(tmp_path, history, before, [("$a5150", "@a:a.test")])
    assert len(found) == 150
    assert history.pages == 3


async def test_a_server_that_never_spoke_does_not_have_all_of_it_walked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chain of which nothing is stored leaves a walk open for a thousand stored events, and no more."""
    monkeypatch.setattr("client.session.backfill._PAUSES", ())
    before = _chain("a", "a.test", range(5_000))
    history = History(before)
    assert await _missing(tmp_path, history, before, [("$new", "@c:c.test")]) == []
    assert history.pages == 10


async def test_what_is_older_than_the_store_is_not_fetched(tmp_path: Path) -> None:
    """History from before the oldest stored event was never ours: it is not taken for something new."""
    events = _chain("a", "a.test", range(300))
    history = History(events)
    assert await _missing(tmp_path, history, events[10:60], []) == [f"$a{n}" for n in range(290, 300)]
    assert history.pages == 1


class _Fetching(History):
    """A server that fetches a gap of its own once it is asked, and tells of it from the next time on."""

    def __init__(self, before: Sequence[Event], after: Sequence[Event]) -> None:
        super().__init__(before)
        self._after = after

    async def request(self, method: str, path: str, **rest: Any) -> bytes:
        answer = await super().request(method, path, **rest)
        self.events = self._after
        return answer


async def test_what_the_server_fetches_only_when_asked_is_asked_for_again(tmp_path: Path) -> None:
    """A gap in which the server has nothing yet is looked into again until it has."""
    before = [*_chain("b", "b.test", range(3)), *_chain("a", "a.test", range(5))]
    server = _Fetching(before, [*_chain("a", "a.test", range(5, 120)), *before])
    found = await _missing(tmp_path, server, before, [("$a120", "@a:a.test")])
    assert found == [f"$a{number}" for number in range(5, 120)]


async def test_a_server_that_fetches_bit_by_bit_is_asked_until_it_has_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as each walk finds more than the one before, another follows."""
    monkeypatch.setattr("client.session.backfill._PAUSES", (0.0, 0.0))
    group = GroupSession()
    events = [
        {
            "event_id": f"${number}",
            "sender": "@a:a.test",
            "content": {"session_id": group.session_id, "ciphertext": group.encrypt(b"{}").to_base64()},
        }
        for number in range(12)
    ]
    asked = 0

    class Server:
        async def request(self, *_: Any, **__: Any) -> bytes:
            nonlocal asked
            asked += 1
            chunk = [*reversed(events[-1 - asked : -1]), {"event_id": "$old", "sender": "@a:a.test"}]
            return msgspec.json.encode({"chunk": chunk})

    timeline = _timeline(tmp_path / "store.db", [("$old", "@a:a.test")])
    later = [msgspec.Raw(msgspec.json.encode(events[-1]))]
    found = await missing_events(Server(), timeline, "!r", "0", later)
    assert [msgspec.json.decode(event)["event_id"] for event in found] == [f"${n}" for n in range(11)]


async def test_a_hole_in_the_numbers_of_a_session_is_looked_into_again(tmp_path: Path) -> None:
    """Of three messages of one Megolm session the server has two at first: the third is asked for again."""
    group = GroupSession()
    events = [
        {
            "event_id": f"${number}",
            "sender": "@a:a.test",
            "type": "m.room.encrypted",
            "content": {"session_id": group.session_id, "ciphertext": group.encrypt(b"{}").to_base64()},
        }
        for number in range(4)
    ]
    asked = 0

    class Server:
        async def request(self, *_: Any, **__: Any) -> bytes:
            nonlocal asked
            asked += 1
            chunk = [events[2], events[0]] if asked == 1 else [events[2], events[1], events[0]]
            return msgspec.json.encode({"chunk": [*chunk, {"event_id": "$old", "sender": "@a:a.test"}]})

    timeline = _timeline(tmp_path / "store.db", [("$old", "@a:a.test")])
    later = [msgspec.Raw(msgspec.json.encode(events[3]))]
    found = await missing_events(Server(), timeline, "!r", "0", later)
    assert [msgspec.json.decode(event)["event_id"] for event in found] == ["$0", "$1", "$2"]
    assert asked == 2
