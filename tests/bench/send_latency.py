"""How long a message takes to another region, as a ratio to a plaintext event between the same two servers.

    .venv/bin/python -m tests.bench.send_latency [--messages 200] [--profile FILE]

Two nodes that federate over TLS, without the fence, which would refuse plain text. The floor: PUT /send of a
plaintext event by bare HTTP on one, until a bare /sync on the other has it. The figure: `send` of an open
session (the room's key is shared already) until the other region's session tells of the event: decrypted,
stored, indexed. The two take turns, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from client.session.accounts import Account, Accounts
from client.session.enrolment import enrol
from client.session.events import TimelineEvent
from client.session.face import Session
from client.session.opening import hold_session
from tests.synapse_nodes import HttpClient, SynapseNode, TestNetwork, running_nodes

BOUND = 1.25
_FILTER = json.dumps({"presence": {"not_types": ["*"]}, "room": {"ephemeral": {"not_types": ["*"]}}})


class Bare:
    """A Matrix client that is nothing but HTTP and JSON."""

    def __init__(self, http: aiohttp.ClientSession, client: HttpClient) -> None:
        self._http = http
        self._base = f"{client.url}/_matrix/client/v3"
        self._headers = {"Authorization": f"Bearer {client.token}"}
        self._seen: dict[str, asyncio.Future[float]] = {}

    async def send(self, room_id: str, name: str, body: str) -> None:
        """Send a plaintext event."""
        url = f"{self._base}/rooms/{room_id}/send/m.room.message/{name}"
        content = {"msgtype": "m.text", "body": body}
        async with self._http.put(url, json=content, headers=self._headers) as answer:
            answer.raise_for_status()
            await answer.read()

    def expect(self, body: str) -> asyncio.Future[float]:
        """Return when a message with that text will have come."""
        return self._seen.setdefault(body, asyncio.get_running_loop().create_future())

    async def follow(self) -> None:
        """Sync until cancelled."""
        since: dict[str, str] = {}
        while True:
            query = {"timeout": "30000", "filter": _FILTER, **since}
            async with self._http.get(f"{self._base}/sync", params=query, headers=self._headers) as answer:
                told = json.loads(await answer.read())
            now = time.perf_counter()
            since = {"since": told["next_batch"]}
            for room in told.get("rooms", {}).get("join", {}).values():
                for event in room["timeline"]["events"]:
                    if event["content"].get("body") in self._seen:
                        self._seen.pop(event["content"]["body"]).set_result(now)


async def enrolled(node: SynapseNode, localpart: str, root: Path) -> tuple[Account, HttpClient]:
    """Register an account on a node, and enrol it."""
    client = await asyncio.to_thread(node.register, localpart)
    whoami = await asyncio.to_thread(client.get, "/account/whoami")
    account = await enrol(
        Accounts(root),
        user_id=client.user_id,
        homeserver=node.url,
        device_id=whoami.body["device_id"],
        access_token=client.token,
    )
    return account, client


def shared_room(sender: HttpClient, receiver: HttpClient, *, encrypted: bool) -> str:
    """Make a room on the sender's node that the receiver has joined."""
    encryption = {"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
    creation = {
        "invite": [receiver.user_id],
        "room_version": "12",
        "initial_state": [encryption] if encrypted else [],
    }
    room_id = str(sender.post("/createRoom", creation).body["room_id"])
    via = sender.user_id.partition(":")[2]
    joined = receiver.post(f"/join/{room_id}?server_name={via}", {})
    assert joined.status == 200, joined
    return room_id


async def next_saying(updates: AsyncIterator[object], body: str) -> float:
    """Return when a session has told of a message."""
    async for update in updates:
        if isinstance(update, TimelineEvent) and update.body == body:
            return time.perf_counter()
    raise AssertionError("the session closed")


class Race:
    """The two ways of sending, on one network."""

    def __init__(self, ours: tuple[Session, Session, str], bare: tuple[Bare, Bare, str]) -> None:
        self._ours, self._bare = ours, bare

    async def our_way(self, body: str) -> float:
        """Seconds from `send` to the other region's stored event."""
        sender, receiver, room_id = self._ours
        updates = receiver.updates()
        began = time.perf_counter()
        sending = asyncio.ensure_future(sender.send(room_id, {"msgtype": "m.text", "body": body}))
        ended = await next_saying(updates, body)
        await sending
        return ended - began

    async def bare_way(self, body: str) -> float:
        """Seconds from PUT to the other region's /sync."""
        sender, receiver, room_id = self._bare
        came = receiver.expect(body)
        began = time.perf_counter()
        sending = asyncio.ensure_future(sender.send(room_id, body, body))
        ended = await came
        await sending
        return ended - began


@asynccontextmanager
async def race(network: TestNetwork, root: Path) -> AsyncIterator[Race]:
    """Open everything, with the rooms' keys shared."""
    africa, court = network["africa"], network["court"]
    alice, alice_http = await enrolled(africa, "alice", root)
    bob, bob_http = await enrolled(court, "bob", root)
    carol, dave = await asyncio.gather(
        asyncio.to_thread(africa.register, "carol"), asyncio.to_thread(court.register, "dave")
    )
    encrypted = await asyncio.to_thread(shared_room, alice_http, bob_http, encrypted=True)
    plain = await asyncio.to_thread(shared_room, carol, dave, encrypted=False)
    async with (
        aiohttp.ClientSession() as http,
        hold_session(alice, welcome=lambda _: True) as a,
        hold_session(bob, welcome=lambda _: True) as b,
    ):
        sender, receiver = Bare(http, carol), Bare(http, dave)
        following = asyncio.ensure_future(receiver.follow())
        try:
            updates = a.updates()
            while bob.user_id not in await a.readers(encrypted):
                await anext(updates)
            yield Race((a, b, encrypted), (sender, receiver, plain))
        finally:
            following.cancel()


async def measure(network: TestNetwork, root: Path, count: int, profile: cProfile.Profile | None) -> None:
    """Measure and print."""
    async with race(network, root) as competitors:
        for number in range(20):  # warms both up, and shares the key
            await competitors.bare_way(f"warm {number}")
            await competitors.our_way(f"warm {number}")
        bare, ours = [], []
        for number in range(count):
            bare.append(await competitors.bare_way(f"{number}"))
            if profile is not None:
                profile.enable()
            ours.append(await competitors.our_way(f"{number}"))
            if profile is not None:
                profile.disable()
    floor, figure = statistics.median(bare), statistics.median(ours)
    print(  # noqa: T201 - the figures are what this program is for
        f"{count} of each: plaintext by bare HTTP p50 {floor * 1000:.1f} ms, ours p50 {figure * 1000:.1f} ms"
        f" = {figure / floor:.2f} x (bound {BOUND});"
        f" p90 {statistics.quantiles(bare, n=10)[8] * 1000:.0f} and"
        f" {statistics.quantiles(ours, n=10)[8] * 1000:.0f} ms"
    )


def main() -> None:
    """Bring two nodes up and measure on them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--profile", metavar="FILE", help="Write a profile of this process' part to FILE.")
    arguments = parser.parse_args()
    profile = cProfile.Profile() if arguments.profile else None
    with tempfile.TemporaryDirectory() as scratch:
        regions = ("court", "africa")
        with running_nodes(Path(scratch) / "nodes", regions, without_fence=regions) as network:
            asyncio.run(measure(network, Path(scratch) / "accounts", arguments.messages, profile))
    if profile is not None:
        profile.dump_stats(arguments.profile)


if __name__ == "__main__":
    main()
