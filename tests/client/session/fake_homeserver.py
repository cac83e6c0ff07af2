"""A homeserver in memory, at the transport seam: honest by default, and as hostile as a test makes it.

It knows what the session asks of one: keys, to-device messages, one version 12 room, /sync.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import msgspec

from client.session.errors import HomeserverRefused, HomeserverUnreachable, NotFound
from client.session.events import Json
from client.session.transport import Download

Object = dict[str, Any]
ROOM = "!room"


@dataclass
class FakeDevice:
    """What the server has for one device."""

    keys: Object = field(default_factory=dict)
    one_time_keys: Object = field(default_factory=dict)
    fallback: Object = field(default_factory=dict)
    to_device: list[Object] = field(default_factory=list)
    taken_in: int = 0


class FakeHomeserver:
    """One server with all users and one encrypted room that everybody given is in."""

    def __init__(self, *users: str) -> None:
        self.users = users
        self.devices: dict[tuple[str, str], FakeDevice] = {}
        self.identities: dict[str, Object] = {}
        self.timeline: list[Object] = []
        self.changed: dict[str, int] = {}
        self.requests: list[tuple[str, str, Object]] = []
        self.transactions: dict[tuple[str, str], str] = {}
        self.failing: Callable[[str, str], bool] = lambda user, path: False
        self.losing_answers: Callable[[str, str], bool] = lambda user, path: False
        self.rewrite_keys: Callable[[Object], Object] = lambda answer: answer
        self.media: dict[str, bytes] = {}
        self.media_limit: int | None = None
        self.announced_size: Callable[[bytes], int | None] = len
        self.encryption: Object | None = {"algorithm": "m.megolm.v1.aes-sha2"}
        self.most_in_a_sync = 1_000_000
        """Events of the timeline in one answer to /sync; what comes before them GET /messages has."""
        self._news = asyncio.Condition()
        self._clock = 0

    def transport(self, user: str, device: str) -> FakeTransport:
        """Return the transport of one device."""
        self.devices[user, device] = FakeDevice()
        return FakeTransport(self, user, device)

    def state(self) -> list[Object]:
        """Return the room's state."""
        owner = self.users[0]
        events: list[tuple[str, str, str, Object]] = [
            (owner, "m.room.create", "", {"room_version": "12"}),
            (owner, "m.room.history_visibility", "", {"history_visibility": "invited"}),
            *((user, "m.room.member", user, {"membership": "join"}) for user in self.users),
        ]
        if self.encryption is not None:
            events.append((owner, "m.room.encryption", "", self.encryption))
        return [
            {
                "type": type,
                "sender": sender,
                "state_key": key,
                "content": content,
                "event_id": f"$s-{type}{key}",
            }
            for sender, type, key, content in events
        ]

    async def put_event(self, event: Object) -> None:
        """Put an event into the room's timeline as it is, whoever says to have sent it."""
        async with self._news:
            self.timeline.append({"origin_server_ts": 1_700_000_000_000 + len(self.timeline), **event})
            self._news.notify_all()

    async def put_to_device(self, user: str, device: str, *events: Object) -> None:
        """Put to-device messages into a device's queue as they are."""
        async with self._news:
            self.devices[user, device].to_device.extend(events)
            self._news.notify_all()

    def told(self, user: str, device: str) -> list[str]:
        """Return the types of the to-device messages that a device was sent."""
        return [event["type"] for event in self.devices[user, device].to_device]

    async def tell_changed(self, user: str) -> None:
        """Tell everyone that a user's devices changed."""
        async with self._news:
            self._clock += 1
            self.changed[user] = self._clock
            self._news.notify_all()

    async def has_told(self, user: str, device: str, at_least: int) -> None:
        """Wait until a device has taken in that many to-device messages."""
        async with self._news:
            await self._news.wait_for(lambda: self.devices[user, device].taken_in >= at_least)

    async def sync(self, user: str, device: str, since: str | None, timeout: float) -> Object:
        """Answer /sync: the token counts to-device messages, timeline events and device changes."""
        mine = self.devices[user, device]
        seen_device, seen_room, seen_changes = map(int, since.split("_")) if since else (0, 0, 0)

        def news() -> bool:
            return (
                len(mine.to_device) > seen_device
                or len(self.timeline) > seen_room
                or self._clock > seen_changes
                or since is None
            )

        async with self._news:
            mine.taken_in = seen_device
            self._news.notify_all()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._news.wait_for(news)
            first = max(seen_room, len(self.timeline) - self.most_in_a_sync)
            prev_batch = f"{seen_device}_{first}_{seen_changes}"
            limits = {"limited": first > seen_room, "prev_batch": prev_batch}
            room: Object = {"timeline": {"events": self.timeline[first:], **limits}}
            if since is None:
                room["state"] = {"events": self.state()}
            return {
                "next_batch": f"{len(mine.to_device)}_{len(self.timeline)}_{self._clock}",
                "to_device": {"events": mine.to_device[seen_device:]},
                "rooms": {"join": {ROOM: room}} if since is None or self.timeline[seen_room:] else {},
                "device_lists": {"changed": [u for u, at in self.changed.items() if at > seen_changes]},
                "device_one_time_keys_count": {"signed_curve25519": len(mine.one_time_keys)},
                "device_unused_fallback_key_types": ["signed_curve25519"] if mine.fallback else [],
            }

    def messages(self, query: dict[str, str]) -> Object:
        """Answer GET /messages backwards, as Synapse does: an `end` until there is nothing any more."""
        try:
            before = int(query["from"].split("_")[1])
        except (IndexError, ValueError):
            raise HomeserverRefused(
                "x", why="It is no token.", remedy="z", status=400, errcode="M_INVALID_PARAM"
            ) from None
        first = max(0, before - int(query["limit"]))
        if first >= before:
            return {"chunk": []}
        return {"chunk": self.timeline[first:before][::-1], "end": f"0_{first}_0"}

    def query(self, body: Object) -> Object:
        """Answer /keys/query."""
        kinds = ("master_keys", "self_signing_keys", "user_signing_keys")
        answer: Object = {"device_keys": {}, **{kind: {} for kind in kinds}, "failures": {}}
        for user in body["device_keys"]:
            answer["device_keys"][user] = {
                device: found.keys
                for (owner, device), found in self.devices.items()
                if owner == user and found.keys
            }
            for kind in kinds:
                if user in self.identities:
                    answer[kind][user] = self.identities[user][kind.removesuffix("s")]
        return self.rewrite_keys(copy.deepcopy(answer))

    def sign(self, body: Object) -> Object:
        """Answer /keys/signatures/upload: add the signatures to devices and master keys."""
        for user, objects in body.items():
            for name, signed in objects.items():
                device = self.devices.get((user, name))
                stored = device.keys if device else self.identities[user]["master_key"]
                for signer, signatures in signed["signatures"].items():
                    stored.setdefault("signatures", {}).setdefault(signer, {}).update(signatures)
        return {"failures": {}}

    def claim(self, body: Object) -> Object:
        """Answer /keys/claim: a one-time key, else the fallback key."""
        answer: Object = {}
        for user, devices in body["one_time_keys"].items():
            for device in devices:
                found = self.devices.get((user, device), FakeDevice())
                if found.one_time_keys:
                    name = next(iter(found.one_time_keys))
                    answer.setdefault(user, {})[device] = {name: found.one_time_keys.pop(name)}
                elif found.fallback:
                    answer.setdefault(user, {})[device] = dict(found.fallback)
        return {"one_time_keys": answer, "failures": {}}


class FakeTransport:
    """`Transport` and `MediaTransport` for one device of the fake."""

    def __init__(self, server: FakeHomeserver, user: str, device: str) -> None:
        self.server, self.user, self.device = server, user, device

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Json] | None = None,
        timeout: float = 30.0,
    ) -> bytes:
        """Answer one request."""
        path = path.removeprefix("/_matrix/client/v3")
        if self.server.failing(self.user, path):
            raise HomeserverUnreachable("x", why="The fake is down.", remedy="z")
        sent = msgspec.json.decode(msgspec.json.encode(body)) if body is not None else {}
        if path != "/sync":
            self.server.requests.append((self.user, path, sent))
        answer = await self._answer(path, dict(query or {}), sent)
        if self.server.losing_answers(self.user, path):
            raise HomeserverUnreachable("x", why="The fake lost the answer.", remedy="z")
        return json.dumps(answer).encode()  # as Synapse does: half a surrogate pair passes

    async def upload(self, path: str, pieces: AsyncIterator[bytes], size: int) -> bytes:
        """Store a file."""
        content = b"".join([piece async for piece in pieces])
        if self.server.failing(self.user, path):
            raise HomeserverUnreachable("x", why="The fake is down.", remedy="z")
        assert len(content) == size
        media_id = f"media{len(self.server.media)}"
        self.server.media[media_id] = content
        return json.dumps({"content_uri": f"mxc://a.test/{media_id}"}).encode()

    @contextlib.asynccontextmanager
    async def download(self, path: str) -> AsyncIterator[Download]:
        """Give a file out, in pieces of odd sizes."""
        content = self.server.media.get(path.rpartition("/")[2])
        if content is None:
            raise NotFound(path, why="It is not there.", remedy="z", status=404, errcode="M_NOT_FOUND")

        async def pieces(content: bytes) -> AsyncIterator[bytes]:
            for start in range(0, len(content), 1009):
                yield content[start : start + 1009]

        yield Download(self.server.announced_size(content), pieces(content))

    async def _answer(self, path: str, query: dict[str, str], body: Object) -> Object:
        server, mine = self.server, self.server.devices[self.user, self.device]
        if path == "/sync":
            timeout = min(float(query["timeout"]) / 1000, 5.0)
            return await server.sync(self.user, self.device, query.get("since"), timeout)
        if path == "/keys/device_signing/upload":
            server.identities[self.user] = body
            return {}
        if path == "/keys/upload":
            mine.keys = body.get("device_keys", mine.keys)
            mine.one_time_keys.update(body.get("one_time_keys", {}))
            mine.fallback = body.get("fallback_keys", mine.fallback)
            return {"one_time_key_counts": {"signed_curve25519": len(mine.one_time_keys)}}
        if path == "/keys/signatures/upload":
            return server.sign(body)
        if path == "/keys/query":
            return server.query(body)
        if path == "/keys/claim":
            return server.claim(body)
        if path.startswith("/sendToDevice/"):
            return await self._send_to_device(path, body)
        if path == "/_matrix/client/v1/media/config":
            return {} if server.media_limit is None else {"m.upload.size": server.media_limit}
        if path.startswith("/rooms/") and path.endswith("/messages"):
            return server.messages(query)
        if path.startswith("/rooms/") and "/send/" in path:
            return await self._send(path, body)
        raise NotFound(path, why="The fake does not know it.", remedy="z", status=404, errcode="M_NOT_FOUND")

    async def _send_to_device(self, path: str, body: Object) -> Object:
        type = unquote(path.split("/")[2])
        if (self.user, path) not in self.server.transactions:
            self.server.transactions[self.user, path] = ""
            for user, devices in body["messages"].items():
                for device, content in devices.items():
                    event = {"type": type, "sender": self.user, "content": content}
                    await self.server.put_to_device(user, device, event)
        return {}

    async def _send(self, path: str, body: Object) -> Object:
        event_id = self.server.transactions.get((self.user, path))
        if event_id is None:
            event_id = self.server.transactions[self.user, path] = f"$event{len(self.server.transactions)}"
            type = unquote(path.split("/")[4])
            event = {"type": type, "sender": self.user, "event_id": event_id, "content": body}
            await self.server.put_event({**event, "origin_server_ts": int(time.time() * 1000)})
        return {"event_id": event_id}
