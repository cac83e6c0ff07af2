from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from client.session.crypto.machine import Machine
from client.session.progress import Progress
from client.session.room_state import RoomState
from client.session.store.gap_store import GapStore
from client.session.store.room_store import RoomStore
from client.session.store.timeline import Timeline
from client.session.sync_answer import SyncAnswer
from client.session.sync_application import SyncApplication
from client.session.updates import Updates
from tests.client.session.fake_people import Person, alice_and_bob

_FLOATS = some.floats(allow_nan=False, allow_infinity=False)
_SCALARS = some.none() | some.booleans() | some.integers(-(2**70), 2**70) | _FLOATS
_TEXTS = some.text(max_size=12) | some.sampled_from(
    [
        "m.room.encrypted",
        "m.room.member",
        "m.room.encryption",
        "m.room.redaction",
        "@alice:a.test",
        "join",
        "",
        "\0",
    ]
)
_NAMES = some.sampled_from(
    ["type", "sender", "content", "event_id", "state_key", "origin_server_ts", "algorithm", "ciphertext",
     "session_id", "sender_key", "body", "membership", "redacts", "events", "timeline", "state", "limited",
     "prev_batch", "unread_notifications", "notification_count", "invite_state", "join", "invite", "leave"]
)  # fmt: skip
_ANY = some.recursive(
    _SCALARS | _TEXTS,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(_NAMES | _TEXTS, inner, max_size=6),
    max_leaves=25,
)
_EVENT = some.fixed_dictionaries(
    {
        "type": _TEXTS,
        "sender": _TEXTS,
        "event_id": _TEXTS,
        "origin_server_ts": some.integers(),
        "content": _ANY,
    },
    optional={"state_key": _TEXTS, "redacts": _ANY, "unsigned": _ANY},
)
_EVENTS = some.lists(_EVENT | _ANY, max_size=4)
_ROOM = _ANY | some.fixed_dictionaries(
    {
        "timeline": some.fixed_dictionaries({"events": _EVENTS}),
        "state": some.fixed_dictionaries({"events": _EVENTS}),
    }
)
_ROOMS = some.dictionaries(some.text(max_size=4), _ROOM, max_size=2)


@pytest.fixture(scope="module")
def bob(tmp_path_factory: pytest.TempPathFactory) -> Person:
    async def enrolled(root: Path) -> Person:
        _, _, bob = await alice_and_bob(root)
        return bob

    return asyncio.run(enrolled(tmp_path_factory.mktemp("any")))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    to_device=_EVENTS,
    rooms=_ANY | some.dictionaries(some.sampled_from(["join", "invite", "leave", "knock"]), _ROOMS),
    rest=some.dictionaries(some.sampled_from(["device_lists", "device_one_time_keys_count"]), _ANY),
)
def test_no_json_in_a_sync_stops_it(bob: Person, to_device: Any, rooms: Any, rest: dict[str, Any]) -> None:
    """Whatever an answer's parts hold, it is applied to the end and its token stored."""
    answer = {"next_batch": "next", "to_device": {"events": to_device}, "rooms": rooms, **rest}
    db = bob.store()
    try:
        machine = Machine(db, bob.transport)
        store, timeline = RoomStore(db), Timeline(db)
        application = SyncApplication(
            db, bob.transport, machine, store, timeline, GapStore(db, timeline), Progress(Updates())
        )
        asyncio.run(application.apply(msgspec.json.decode(json.dumps(answer), type=SyncAnswer)))
        again = RoomStore(db)
        for room in again:
            assert isinstance(room, RoomState)
            room.summary(bob.user_id)
            room.members()
            room.audience()
            timeline.page(room.room_id, None, 100)
    finally:
        db.close()
