"""The transport of a session whose homeserver, and everybody on it, is hostile; beneath is the honest fake.

What is honest still comes through: between the hostile pieces of an answer, or when the request is repeated.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

from client.session.events import Json
from client.session.wire import CLIENT
from tests.client.session.fake_homeserver import ROOM, FakeTransport
from tests.client.session.hostile.fuzzer import Fuzzer
from tests.client.session.hostile.olm_bodies import OlmBodies
from tests.client.session.hostile.pieces import Pieces
from tests.client.session.hostile.spelling import Spelt, write

Object = dict[str, Any]
HONEST = ("@alice:a.test", "@bob:b.test")
_GARBAGE = (
    b"", b"{", b"null", b"[]", b"5", b'{"next_batch": 5}', b"<html>502</html>", b"\xff\xfe{}", b"[" * 100_000,
    b'{"next_batch": "x", "rooms": ' + b"[" * 100_000, b" " * 2_000_000, b'{"a": NaN}',
)  # fmt: skip


class HostileTransport:
    """`Transport` for one session, honest until `armed`; `inputs` counts the hostile ones served."""

    def __init__(self, inner: FakeTransport, fuzzer: Fuzzer, in_a_sync: int) -> None:
        self._inner = inner
        self._fuzzer = fuzzer
        self._in_a_sync = in_a_sync
        target = inner.server.devices[inner.user, inner.device]
        senders = (*HONEST, *(f"@mallory{n}:c.test" for n in range(50)))
        self._pieces = Pieces(fuzzer, senders)
        self._bodies = OlmBodies(fuzzer, target, inner.user, "@mallory:c.test")
        self._pages = itertools.count()
        self.armed = False
        self.inputs = 0
        self.between_syncs: Callable[[], None] = lambda: None

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
        short = path.removeprefix(CLIENT)
        if not self.armed:
            return await self._inner.request(method, path, query=query, body=body, timeout=timeout)
        if short == "/sync":
            self.between_syncs()
            query = {**(query or {}), "timeout": "0"}
        elif short.startswith("/rooms/") and "/messages" in short:
            return self._count(1, self._page())
        if short.startswith(("/sync", "/keys/query", "/keys/claim")) and self._fuzzer.chance.random() < 0.1:
            await asyncio.sleep(0)
            return self._count(1, self._fuzzer.any_of(_GARBAGE))
        answer = await self._inner.request(method, path, query=query, body=body, timeout=timeout)
        await asyncio.sleep(0)
        if short == "/sync":
            return self._sync(json.loads(answer))
        if short == "/keys/query":
            return self._keys(json.loads(answer))
        if short == "/keys/claim":
            return self._claimed(json.loads(answer))
        return answer

    def _count(self, number: int, answer: bytes) -> bytes:
        self.inputs += number
        return answer

    def _sync(self, answer: Object) -> bytes:
        """Put hostile pieces around the honest ones, and say last again who is in the room."""
        few = self._in_a_sync
        to_device = [self._pieces.to_device() for _ in range(few)] + [self._bodies.one() for _ in range(few)]
        timeline = [self._pieces.event() for _ in range(few)] + [self._pieces.state() for _ in range(few)]
        rooms = {f"!hostile{self._fuzzer.chance.randrange(30)}": self._pieces.room() for _ in range(few // 4)}
        answer["to_device"]["events"] = self._mixed(answer["to_device"]["events"], to_device)
        joined = answer["rooms"].setdefault("join", {})
        room = joined.setdefault(ROOM, {"timeline": {"events": []}})
        events = [*self._mixed(room["timeline"]["events"], timeline), *self._restated()]
        room["timeline"] = {**room["timeline"], "events": events}
        if self._fuzzer.chance.random() < 0.1:
            room["timeline"] |= {"limited": True, "prev_batch": "p"}
        parts = self._fuzzer.any_of(("join", "invite", "knock", "leave"))
        answer["rooms"][parts] = {**answer["rooms"].get(parts, {}), **rooms}
        answer["rooms"].setdefault(self._fuzzer.word(), self._fuzzer.value())
        number = 4 * few + len(rooms) + 1
        if self._fuzzer.chance.random() < 0.3:
            part = self._fuzzer.any_of(
                ("device_lists", "device_one_time_keys_count", "device_unused_fallback_key_types", "presence")
            )
            answer[part] = self._fuzzer.choose(
                lambda: self._fuzzer.spoilt({"changed": ["@a:b"], "left": []}),
                lambda: {"signed_curve25519": self._fuzzer.any_of((-(10**9), 2**70, -1, "1", None))},
                self._fuzzer.value,
            )
            number += 1
        return self._count(number, write(answer))

    def _mixed(self, honest: list[Any], hostile: list[Any]) -> list[Any]:
        mixed = list(hostile)
        self._fuzzer.chance.shuffle(mixed)
        middle = len(mixed) // 2
        return [*mixed[:middle], *honest, *mixed[middle:]]

    def _restated(self) -> list[Object]:
        return [one for one in self._inner.server.state() if one["state_key"] in (*HONEST, "")]

    def _page(self) -> bytes:
        """A page of a history that never ends, and seldom has anything in it."""
        chunk = [self._pieces.event() for _ in range(self._fuzzer.any_of((0, 0, 0, 3)))]
        page = {"chunk": chunk, "start": "x", "end": f"page{next(self._pages)}"}
        return write(self._fuzzer.spoilt(page) if self._fuzzer.chance.random() < 0.2 else page)

    def _keys(self, answer: Object) -> bytes:
        """Spoil what the answer has of everybody who is not honest."""
        alice = answer["device_keys"].get(HONEST[0]) or {"D": {"keys": {}}}
        [(_, device)] = list(alice.items())[:1]
        strangers = [user for user in answer["device_keys"] if user not in HONEST]
        for user in strangers:
            devices = {self._fuzzer.word(): self._fuzzer.spoilt(device) for _ in range(2)}
            answer["device_keys"][user] = self._fuzzer.any_of((devices, self._fuzzer.value()))
            for kind in ("master_keys", "self_signing_keys", "user_signing_keys"):
                key = {"user_id": user, "usage": [kind[:-5]], "keys": {"ed25519:a": "a"}, "signatures": {}}
                answer.setdefault(kind, {})[user] = self._fuzzer.spoilt(key)
        answer["failures"] = self._fuzzer.any_of(({}, {"a.test": None, "b.test": {"a": []}}, {"": 5}))
        return self._count(2 * len(strangers) + 1, write(answer))

    def _claimed(self, answer: Object) -> bytes:
        answer["one_time_keys"][self._fuzzer.word()] = self._fuzzer.value()
        for user, devices in answer["one_time_keys"].items():
            if user not in HONEST and isinstance(devices, dict):
                answer["one_time_keys"][user] = self._fuzzer.spoilt(devices)
        answer["failures"] = Spelt(b'{"c.test": {}}')
        return self._count(2, write(answer))
