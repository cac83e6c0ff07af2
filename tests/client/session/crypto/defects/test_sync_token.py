"""The sync token: stored with what it stands for, or not at all."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from client.session.crypto.to_device import ToDevice
from client.session.store.facts import Fact, Facts
from client.session.store.room_store import RoomStore
from tests.client.session.crypto.defects import stock_nio
from tests.client.session.crypto.defects.case import Case
from tests.client.session.crypto.defects.peer import Peer
from tests.client.session.crypto.defects.receivers import key_message, our_receiver


def _die(*_: object, **__: object) -> Any:
    raise MemoryError("as good as kill -9: nothing after this line runs")


async def moved_on_by_nio(folder: Path) -> object:
    """Return: whether the stored token is past a message that was not taken in when the process died."""
    with stock_nio.client(folder) as client:
        stock_nio.published_keys(client.olm)
        await client.receive_response(stock_nio.sync_answer())
        before = client.store.load_sync_token()
        client.olm.handle_to_device_event = _die
        with contextlib.suppress(MemoryError):
            message = {"type": "m.room_key_request", "sender": "@peer:p.test", "content": {}}
            await client.receive_response(stock_nio.sync_answer(message))
        return client.store.load_sync_token() != before


async def moved_on_by_ours(folder: Path) -> object:
    async with our_receiver(folder) as receiver:
        peer = Peer()
        peer.begin(receiver.curve25519, receiver.take_one_time_key())
        message = key_message(receiver, peer)
        await receiver.close()
        before = _token(receiver.person.store())
        await receiver.server.put_to_device(receiver.user_id, "ME", message)
        for place, name in ((ToDevice, "receive"), (RoomStore, "save_changes")):
            with pytest.MonkeyPatch.context() as patch, contextlib.suppress(MemoryError):
                patch.setattr(place, name, _die)
                async with receiver.person.session():
                    raise AssertionError("it opened")
        moved = _token(receiver.person.store()) != before
        await receiver.open()
        assert (await receiver.read(peer.message("hello"))).body == "hello"
        return moved


def _token(db: Any) -> str | None:
    token = Facts(db).text(Fact.SYNC_TOKEN)
    db.close()
    return token


CASES = [Case("D20", "the token is past a lost key", moved_on_by_nio, True, moved_on_by_ours, False)]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_the_token_never_runs_ahead(case: Case, tmp_path: Path) -> None:
    """Stock nio stores the token before the messages; ours with them, and has them after a kill."""
    await case.check(tmp_path)
