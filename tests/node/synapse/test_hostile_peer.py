"""A node that has switched its rules off: what it sends is shown to nobody else, and the room goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import pytest

from tests.node.synapse.conftest import HONEST, HOSTILE
from tests.node.synapse.rooms import (
    create,
    join,
    put_state,
    sees,
    send,
    send_encrypted,
    shared_room,
    state,
    timeline_texts,
)
from tests.synapse_nodes import HttpClient, TestNetwork, wait_for

pytestmark = pytest.mark.synapse

People = dict[str, HttpClient]
SECRET = "words in the clear"
SERVERS = ("africa.rogatory.test", "court.rogatory.test", "weog.rogatory.test")


@pytest.fixture(scope="module")
def room(people: People) -> str:
    """A room of the Court's with a member on each node; the one on the hostile node is a moderator."""
    others = [people["africa"], people[HOSTILE]]
    moderator = {"users": {people[HOSTILE].user_id: 100}}
    return shared_room(people["court"], *others, power_level_content_override=moderator)


@pytest.fixture(autouse=True)
def _the_room_goes_on(people: People, room: str) -> Iterator[None]:
    """After each test every node still sends to every other one."""
    yield
    for sender in people.values():
        event_id = send_encrypted(sender, room)
        for reader in people.values():
            wait_for(partial(sees, reader, room, event_id), f"{reader.user_id} gets it")


@pytest.mark.parametrize(
    ("type", "content"),
    [
        ("m.room.message", {"msgtype": "m.text", "body": SECRET}),
        ("m.sticker", {"body": SECRET, "url": "mxc://a/b", "info": {}}),
        ("org.leak", {"text": SECRET}),
        ("m.room.encrypted", {"algorithm": "none", "ciphertext": SECRET}),
        ("m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AA", "text": SECRET}),
    ],
    ids=lambda value: str(value)[:50],
)
def test_plaintext_from_the_hostile_node_is_shown_to_nobody(
    type: str, content: Mapping[str, object], people: People, room: str
) -> None:
    """The hostile node takes it; by the time its next event has come, no honest node has shown the words."""
    hostile = people[HOSTILE]
    answer = send(hostile, room, type, content)
    assert answer.status == 200, answer
    event_id = answer.body["event_id"]
    assert sees(hostile, room, event_id), "it was really sent"
    later = send_encrypted(hostile, room)
    for region in HONEST:
        honest = people[region]
        wait_for(partial(sees, honest, room, later), "the next event arrives")
        assert not sees(honest, room, event_id)
        assert SECRET not in timeline_texts(honest, room)


def test_a_redaction_with_a_reason_is_shown_to_nobody(people: People, room: str) -> None:
    """A redaction's reason is plaintext too."""
    hostile = people[HOSTILE]
    target = send_encrypted(hostile, room)
    answer = hostile.put(f"/rooms/{room}/redact/{target}/h1", {"reason": SECRET})
    assert answer.status == 200, answer
    later = send_encrypted(hostile, room)
    for region in HONEST:
        honest = people[region]
        wait_for(partial(sees, honest, room, later), "the next event arrives")
        assert SECRET not in timeline_texts(honest, room)


def test_plaintext_from_before_a_join_is_not_shown_by_scrolling_back(people: People) -> None:
    """Whoever joins a room of the hostile node later and reads its history finds no words in the clear."""
    hostile, honest = people[HOSTILE], people["africa"]
    # built as an honest room is, or the invitation would be refused already
    encryption = {"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
    shared = {"type": "m.room.history_visibility", "content": {"history_visibility": "shared"}}
    room_id = create(hostile, initial_state=[encryption, shared])
    leaked = send(hostile, room_id, "m.room.message", {"msgtype": "m.text", "body": SECRET}).body["event_id"]
    before = send_encrypted(hostile, room_id)
    hostile.post(f"/rooms/{room_id}/invite", {"user_id": honest.user_id})
    join(honest, room_id, hostile)
    wait_for(lambda: before in timeline_texts(honest, room_id), "the history is read")
    assert SECRET not in timeline_texts(honest, room_id)
    assert not sees(honest, room_id, leaked)


@pytest.mark.parametrize(
    "request_body",
    [
        {"room_version": "11", "encrypted": True},
        {"room_version": "12", "encrypted": False},
        {"room_version": "12", "encrypted": True, "join_rule": "public"},
    ],
    ids=str,
)
def test_honest_users_are_not_invited_into_rooms_of_another_kind(
    request_body: Mapping[str, object], people: People
) -> None:
    """An invitation into an older, unencrypted or public room is refused, and the invited never sees it."""
    hostile, honest = people[HOSTILE], people["africa"]
    initial_state: list[object] = []
    if request_body["encrypted"]:
        megolm = {"algorithm": "m.megolm.v1.aes-sha2"}
        initial_state.append({"type": "m.room.encryption", "content": megolm})
    if "join_rule" in request_body:
        rule = {"join_rule": request_body["join_rule"]}
        initial_state.append({"type": "m.room.join_rules", "content": rule})
    version = request_body["room_version"]
    room_id = create(hostile, room_version=version, initial_state=initial_state)
    answer = hostile.post(f"/rooms/{room_id}/invite", {"user_id": honest.user_id})
    assert answer.status == 403, answer
    assert room_id not in honest.get("/sync?timeout=0").body.get("rooms", {}).get("invite", {})


@pytest.mark.parametrize(
    "access_list",
    [
        {"allow": ["weog.rogatory.test"]},
        {"allow": ["weog.rogatory.test", "africa.rogatory.test"]},
        {"allow": [*SERVERS, "*.example"]},
    ],
    ids=str,
)
def test_the_hostile_node_cannot_cut_a_room_in_two(
    access_list: Mapping[str, object], people: People, network: TestNetwork
) -> None:
    """A co-creator on the hostile node rewrites the server access list; the honest nodes go on talking.

    Also after they have been restarted, when nothing that was merely cached is left.
    """
    court, africa, hostile = people["court"], people["africa"], people[HOSTILE]
    creators = {"additional_creators": [africa.user_id, hostile.user_id]}
    room_id = shared_room(court, africa, hostile, creation_content=creators)
    good = {"allow": list(SERVERS), "deny": [], "allow_ip_literals": False}
    assert put_state(court, room_id, "m.room.server_acl", good).status == 200
    wait_for(lambda: state(hostile, room_id, "m.room.server_acl").body == good, "the list has spread")
    answer = put_state(hostile, room_id, "m.room.server_acl", access_list)
    assert answer.status == 200, answer
    send_encrypted(hostile, room_id)
    _talk(court, africa, room_id)
    for region in HONEST:
        network[region].stop()
        network[region].start()
    for region in HONEST:
        network[region].wait_healthy()
    _talk(court, africa, room_id)


def _talk(one: HttpClient, other: HttpClient, room_id: str) -> None:
    for sender, reader in ((one, other), (other, one)):
        event_id = send_encrypted(sender, room_id)
        wait_for(partial(sees, reader, room_id, event_id), "the honest nodes talk")
