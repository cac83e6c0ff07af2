"""Stock matrix-nio: its Olm machine and its client, as a program would use them. Nothing is subclassed.

nio is not typed, so what comes of it is `Any` here.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.client.session.crypto.defects.peer import Object, Peer
from tests.client.session.fake_homeserver import ROOM

nio: Any = importlib.import_module("nio")
_crypto: Any = importlib.import_module("nio.crypto")
_store: Any = importlib.import_module("nio.store")
ME = "@me:a.test"


@contextmanager
def machine(folder: Path, user_id: str = ME, device_id: str = "ME") -> Iterator[Any]:
    """Open the stock Olm machine on its store on disk, as a process that starts does."""
    store = _store.SqliteStore(user_id, device_id, str(folder), pickle_key="k")
    try:
        yield _crypto.Olm(user_id, device_id, store)
    finally:
        store.database.close()


@contextmanager
def client(folder: Path, user_id: str = ME, device_id: str = "ME") -> Iterator[Any]:
    """Open the stock client on its store on disk, logged in."""
    config = nio.AsyncClientConfig(
        store=_store.SqliteStore, encryption_enabled=True, store_sync_tokens=True, max_timeouts=1
    )
    opened = nio.AsyncClient("http://127.0.0.1:1", user_id, store_path=str(folder), config=config)
    opened.restore_login(user_id, device_id, "token")
    try:
        yield opened
    finally:
        opened.store.database.close()


def published_keys(olm: Any) -> list[str]:
    """Let a machine publish its keys; return the one-time keys, which others may claim."""
    keys = [key["key"] for key in olm.share_keys()["one_time_keys"].values()]
    counts = {"curve25519": 0, "signed_curve25519": len(keys)}
    olm.handle_response(nio.KeysUploadResponse.from_dict({"one_time_key_counts": counts}))
    return keys


def device_of(peer: Peer) -> Any:
    """Return a peer's device as nio has devices."""
    keys = {"ed25519": peer.ed25519, "curve25519": peer.curve25519}
    return _crypto.OlmDevice(peer.user_id, peer.device_id, keys)


def know(olm: Any, peer: Peer) -> Any:
    """Let a machine know a peer's device, as after a key query; return the device."""
    device = device_of(peer)
    olm.device_store.add(device)
    olm.store.save_device_keys({peer.user_id: {peer.device_id: device}})
    return device


_tokens = itertools.count(1)


def sync_answer(*to_device: Object, one_time_keys: int = 50) -> Any:
    """Return an answer of /sync with to-device messages."""
    return nio.SyncResponse.from_dict(
        {
            "next_batch": f"s{next(_tokens)}",
            "rooms": {"join": {}, "invite": {}, "leave": {}},
            "to_device": {"events": list(to_device)},
            "presence": {"events": []},
            "account_data": {"events": []},
            "device_lists": {"changed": [], "left": []},
            "device_one_time_keys_count": {"signed_curve25519": one_time_keys},
        }
    )


def keys_answer(**devices: Object) -> Any:
    """Return an answer of /keys/query: user id → devices."""
    return nio.KeysQueryResponse.from_dict({"device_keys": devices, "failures": {}})


def encrypted_room(opened: Any, *members: str) -> None:
    """Let a client be in the encrypted room, all of whose members it knows."""
    room = nio.MatrixRoom(ROOM, opened.user_id, True)
    for member in (opened.user_id, *members):
        room.add_member(member, None, None)
    room.members_synced = True
    opened.rooms[ROOM] = room


def sas_from_start(user_id: str, device_id: str, own_key: str, other: Any, start: Any) -> Any:
    """Return the stock verification of who was asked by `other`."""
    return _crypto.Sas.from_key_verification_start(user_id, device_id, own_key, other, start)


def answer_with(
    opened: Any, note: Callable[[str], object], failing: Callable[[str], bool] = lambda _: False
) -> None:
    """Answer a client's requests without a server, at the seam where nio sends them.

    `note` is told the endpoint of each: sendToDevice, keys/query, keys/claim, or send/TYPE. Those of which
    `failing` says so fail as an unreachable server does.
    """

    async def send(_: Any, __: str, path: str, *args: Any, **kwargs: Any) -> Any:
        endpoint = _endpoint(path)
        note(endpoint)
        if failing(endpoint):
            raise OSError("the server is away")
        return nio.RoomSendResponse("$event", ROOM)

    opened._send = send


def _endpoint(path: str) -> str:
    parts = path.partition("?")[0].split("/")
    if "sendToDevice" in parts:
        return "sendToDevice"
    if "keys" in parts:
        return "/".join(parts[parts.index("keys") :])
    return "/".join(parts[parts.index("send") : parts.index("send") + 2])


async def send(opened: Any, body: str) -> Any:
    """Send a text to the room as a program does that does not ask about each device."""
    content = {"msgtype": "m.text", "body": body}
    return await opened.room_send(ROOM, "m.room.message", content, ignore_unverified_devices=True)


async def nothing(*_: object) -> None:
    """Answer a claim of one-time keys with none."""
