"""What must be true after a campaign, judged by both stores and by both servers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import quote

from client.session.events import TimelineEvent, Trust
from client.session.session import OpenSession
from tests.client.session.endurance.pair import Pair
from tests.client.session.people import opened
from tests.synapse_nodes import HttpClient


async def judge(pair: Pair, sent: dict[str, int], patience: float) -> None:
    """Assert that each account has what each name has sent: all, in order, once, decrypted and believed."""
    count = sum(sent.values())
    for account, http in ((pair.alice, pair.alice_http), (pair.bob, pair.bob_http)):
        async with opened(account) as session:
            events = await _all_of_them(session, pair.room_id, count, patience)
        on_server = encrypted_events(http, pair.room_id)
        known = {event.event_id for event in events}
        missed = [len(on_server) - at for at, event_id in enumerate(on_server) if event_id not in known]
        assert missed == [], f"{account.user_id} has not of {len(on_server)} on the server: {missed}"
        assert len(on_server) == len(set(on_server)) == count, f"the server has {len(on_server)} of {count}"
        unread = [event for event in events if event.trust is Trust.UNDECRYPTABLE]
        assert unread == [], f"{account.user_id} cannot read {len(unread)}: {unread[0].reason}"
        assert {event.trust for event in events} <= {Trust.PINNED, Trust.VERIFIED}
        for name, number in sent.items():
            bodies = [event.body for event in events if event.body and event.body.startswith(f"{name} ")]
            wanted = [f"{name} {each}" for each in range(number)]
            assert bodies == wanted, f"{account.user_id} has of {name}: {_difference(bodies, wanted)}"


def encrypted_events(http: HttpClient, room_id: str) -> list[str]:
    """Return the ids of the encrypted events that the server has in a room, newest first."""
    found: list[str] = []
    token = ""
    while True:
        path = f"/rooms/{quote(room_id)}/messages?dir=b&limit=500{token}"
        answer = http.get(path).body
        found += [event["event_id"] for event in answer["chunk"] if event["type"] == "m.room.encrypted"]
        if "end" not in answer:
            return found
        token = f"&from={answer['end']}"


async def _all_of_them(
    session: OpenSession, room_id: str, count: int, patience: float
) -> Sequence[TimelineEvent]:
    """Return the room's events once they are `count` and readable; after `patience`, as they are."""
    updates = session.updates()
    try:
        async with asyncio.timeout(patience):
            while True:
                events = await session.timeline(room_id, limit=100_000)
                readable = sum(event.trust is not Trust.UNDECRYPTABLE for event in events)
                if readable >= count:
                    return events
                await anext(updates)
    except TimeoutError:
        return await session.timeline(room_id, limit=100_000)


def _difference(bodies: Sequence[str | None], wanted: Sequence[str]) -> str:
    missing = [body for body in wanted if body not in bodies]
    doubled = sorted({body or "" for body in bodies if bodies.count(body) > 1})
    first = next((n for n, (a, b) in enumerate(zip(bodies, wanted, strict=False)) if a != b), None)
    return f"{len(missing)} missing {missing[:5]}, twice {doubled[:5]}, the first out of order: {first}"
