"""What the tests of this folder do again and again in rooms, over plain HTTP."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

from tests.synapse_nodes import Answer, HttpClient, wait_for

_numbers = itertools.count()
CIPHERTEXT = "AwgAEpABbm9ib2R5IGNhbiByZWFkIHRoaXM"


def create(client: HttpClient, *, invite: Sequence[str] = (), **request: object) -> str:
    answer = client.post("/createRoom", {"preset": "private_chat", "invite": list(invite), **request})
    assert answer.status == 200, answer
    return str(answer.body["room_id"])


def join(client: HttpClient, room_id: str, via: HttpClient) -> None:
    answer = client.post(f"/join/{quote(room_id)}?via={server_of(via)}", {})
    assert answer.status == 200, answer


def shared_room(owner: HttpClient, *others: HttpClient, **request: object) -> str:
    """A room of `owner` that all `others` have joined."""
    room_id = create(owner, invite=[other.user_id for other in others], **request)
    for other in others:
        join(other, room_id, owner)
    for other in others:
        wait_for(partial(_has_joined, owner, room_id, other.user_id), "the join is known")
    return room_id


def send(client: HttpClient, room_id: str, type: str, content: object) -> Answer:
    return client.put(f"/rooms/{quote(room_id)}/send/{quote(type)}/{next(_numbers)}", content)


def send_encrypted(client: HttpClient, room_id: str) -> str:
    content = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": CIPHERTEXT, "session_id": "s"}
    answer = send(client, room_id, "m.room.encrypted", content)
    assert answer.status == 200, answer
    return str(answer.body["event_id"])


def put_state(client: HttpClient, room_id: str, type: str, content: object, state_key: str = "") -> Answer:
    return client.put(f"/rooms/{quote(room_id)}/state/{quote(type)}/{quote(state_key)}", content)


def state(client: HttpClient, room_id: str, type: str) -> Answer:
    return client.get(f"/rooms/{quote(room_id)}/state/{quote(type)}/")


def sees(client: HttpClient, room_id: str, event_id: str) -> bool:
    """Whether the client's homeserver shows it the event with content."""
    answer = client.get(f"/rooms/{quote(room_id)}/event/{quote(event_id)}")
    return answer.status == 200 and bool(answer.body["content"])


def joined_members(client: HttpClient, room_id: str) -> set[str]:
    return set(client.get(f"/rooms/{quote(room_id)}/joined_members").body["joined"])


def timeline_texts(client: HttpClient, room_id: str) -> str:
    """Everything that /messages of the room shows, as text."""
    return str(client.get(f"/rooms/{quote(room_id)}/messages?dir=b&limit=200").body["chunk"])


def server_of(client: HttpClient) -> str:
    return client.user_id.partition(":")[2]


def trace(client: HttpClient, operator: HttpClient) -> tuple[list[str], list[str]]:
    """All rooms that the user is in, and all that the homeserver has: to compare before and after."""
    joined = client.get("/joined_rooms").body["joined_rooms"]
    every = operator.get("/_synapse/admin/v1/rooms?limit=1000").body["rooms"]
    return sorted(joined), sorted(room["room_id"] for room in every)


def _has_joined(client: HttpClient, room_id: str, user_id: str) -> bool:
    return user_id in joined_members(client, room_id)
