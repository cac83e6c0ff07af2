from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from client.session.errors import NotFound, SessionError
from client.session.events import Connection, Json
from client.session.recovery.state import Recovery
from client.session.wire import CLIENT
from tests.client.session.fake_homeserver import ROOM, FakeTransport
from tests.client.session.fake_people import alice_and_bob
from tests.client.session.hostile.fuzzer import Fuzzer
from tests.client.session.hostile.spelling import write

_ROUNDS = 800
_SECRET_PATHS = ("/user/", "/room_keys/")


class _SecretsOnServer:
    """`Transport` whose server also keeps account data and a backup, and spoils both while it is `armed`."""

    def __init__(self, inner: FakeTransport, fuzzer: Fuzzer) -> None:
        self._inner = inner
        self._fuzzer = fuzzer
        self._kept: dict[str, Any] = {}
        self.armed = False
        self.spoilt = 0

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Json] | None = None,
        timeout: float = 30.0,
    ) -> bytes:
        short = path.removeprefix(CLIENT)
        if not short.startswith(_SECRET_PATHS):
            return await self._inner.request(method, path, query=query, body=body, timeout=timeout)
        if method == "GET":
            return self._answer(short)
        if method == "POST":
            self._kept[short] = {**(body or {}), "version": "1", "count": 0, "etag": "0"}
        elif short == "/room_keys/keys":
            rooms: Any = (body or {})["rooms"]
            for room_id, room in rooms.items():
                for session_id, data in room["sessions"].items():
                    self._kept[f"/room_keys/keys/{room_id}/{session_id}"] = data
        else:
            self._kept[short] = body
        return b'{"version": "1"}'

    def _answer(self, path: str) -> bytes:
        kept = self._kept.get(path)
        if kept is None and path.startswith("/room_keys/keys/"):  # for whatever waits: somebody else's key
            kept = next(
                (one for name, one in self._kept.items() if name.startswith("/room_keys/keys/")), None
            )
        if self.armed and self._fuzzer.chance.random() < 0.2:
            self.spoilt += 1
            return write(self._fuzzer.choose(lambda: self._fuzzer.spoilt(kept), self._fuzzer.value))
        if kept is None:
            raise NotFound(path, why="nothing there", remedy="z", status=404, errcode="M_NOT_FOUND")
        return json.dumps(kept).encode()


async def test_no_answer_about_secrets_or_a_backup_does_harm(tmp_path: Path) -> None:
    """However the account data and the backup are spoilt, recovering says why not; honest again, it works."""
    server, alice, bob = await alice_and_bob(tmp_path)
    assert isinstance(bob.transport, FakeTransport)
    secrets = _SecretsOnServer(bob.transport, Fuzzer(20261123))
    bob.transport = secrets  # type: ignore[assignment] # the same face
    refused = 0
    async with alice.session() as a, bob.session() as b:
        await a.send(ROOM, {"msgtype": "m.text", "body": "one key to back up"})
        key = await b.set_up_recovery()
        content = {"algorithm": "m.megolm.v1.aes-sha2", "session_id": "waits", "ciphertext": "AwgA"}
        await server.put_event(
            {"type": "m.room.encrypted", "sender": alice.user_id, "event_id": "$waits", "content": content}
        )
        for number in range(_ROUNDS):
            secrets.armed = True
            try:
                await b.recover(recovery_key=key)
                await b.recovery_state()
            except SessionError:
                refused += 1
            if number % 40 == 0:
                secrets.armed = False
                assert (await b.recover(recovery_key=key)).recovery is Recovery.UNLOCKED
        assert b.connection is Connection.LIVE
        secrets.armed = False
        assert (await b.recover(recovery_key=key)).recovery is Recovery.UNLOCKED
        sent = await a.send(ROOM, {"msgtype": "m.text", "body": "still here"})
        assert sent.event_id
    assert secrets.spoilt > _ROUNDS // 2
    assert _ROUNDS // 4 < refused < _ROUNDS
