"""An honest node: what its own users cannot send into a room, whatever power they have there."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.node.synapse.conftest import HONEST
from tests.node.synapse.rooms import CIPHERTEXT, create, put_state, send, send_encrypted, state
from tests.synapse_nodes import HttpClient

pytestmark = pytest.mark.synapse

People = dict[str, HttpClient]
MEGOLM = {"algorithm": "m.megolm.v1.aes-sha2"}


@pytest.fixture(scope="module")
def rooms(people: People) -> dict[str, str]:
    """A room of each honest person's own, by region: its creator may do what the protocol lets anybody do."""
    return {region: create(people[region]) for region in HONEST}


@pytest.mark.parametrize("region", HONEST)
@pytest.mark.parametrize(
    ("type", "content"),
    [
        ("m.room.message", {"msgtype": "m.text", "body": "secret"}),
        ("m.sticker", {"body": "secret", "url": "mxc://a/b", "info": {}}),
        ("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$x", "key": "secret"}}),
        ("m.poll.start", {"text": "secret"}),
        ("org.leak", {"text": "secret"}),
        ("org.matrix.dummy_event", {"text": "secret"}),
        ("m.room.redaction", {"redacts": "$x", "reason": "secret"}),
        ("m.room.encrypted", {"algorithm": "none", "ciphertext": "secret"}),
        ("m.room.encrypted", {**MEGOLM, "ciphertext": "this is a secret"}),
        ("m.room.encrypted", {**MEGOLM, "ciphertext": CIPHERTEXT, "body": "secret"}),
        ("m.room.encrypted", {"body": "secret"}),
    ],
    ids=lambda value: str(value)[:50],
)
def test_plaintext_of_any_type_is_refused(
    region: str, type: str, content: Mapping[str, object], people: People, rooms: dict[str, str]
) -> None:
    """The server refuses every event that would carry words in the clear, and says what to do."""
    client, room_id = people[region], rooms[region]
    answer = send(client, room_id, type, content)
    assert (answer.status, answer.errcode) == (403, "M_FORBIDDEN"), answer
    assert len(answer.body["error"].split(". ")) >= 3, "what, why and what to do"


@pytest.mark.parametrize("region", HONEST)
def test_the_redact_call_takes_no_reason(region: str, people: People, rooms: dict[str, str]) -> None:
    """Redacting works, but not with a reason, which would be plaintext."""
    client, room_id = people[region], rooms[region]
    event_id = send_encrypted(client, room_id)
    path = f"/rooms/{room_id}/redact/{event_id}"
    assert client.put(f"{path}/r1", {"reason": "secret"}).status == 403
    assert client.put(f"{path}/r2", {}).status == 200


@pytest.mark.parametrize("region", HONEST)
@pytest.mark.parametrize(
    ("type", "content"),
    [
        ("m.room.encryption", {}),
        ("m.room.encryption", {"algorithm": ""}),
        ("m.room.encryption", {"algorithm": "none"}),
        ("m.room.encryption", {**MEGOLM, "rotation_period_msgs": 50}),
        ("m.room.encryption", {**MEGOLM, "text": "secret"}),
        ("m.room.join_rules", {"join_rule": "public"}),
        ("m.room.join_rules", {}),
        ("m.room.guest_access", {"guest_access": "can_join"}),
        ("m.room.history_visibility", {"history_visibility": "world_readable"}),
        ("m.room.power_levels", {"users_default": 0, "invite": 0}),
        ("m.room.power_levels", {"users_default": 0}),
        ("m.room.server_acl", {"allow": ["*"], "deny": []}),
        ("m.room.server_acl", {"allow": ["elsewhere.example"]}),
        ("m.room.topic", {"topic": "secret"}),
        ("m.room.name", {"name": "x", "text": "secret"}),
        ("org.leak", {"text": "secret"}),
        ("org.rogatory.leak", {"text": "secret"}),
        ("im.vector.modular.widgets", {"url": "https://elsewhere.example"}),
        ("m.room.third_party_invite", {"display_name": "x"}),
    ],
    ids=lambda value: str(value)[:50],
)
def test_state_that_opens_a_room_or_carries_words_is_refused(
    region: str, type: str, content: Mapping[str, object], people: People, rooms: dict[str, str]
) -> None:
    """Not even the room's creator may send it, and the room's state stays as it was."""
    client, room_id = people[region], rooms[region]
    before = state(client, room_id, type)
    answer = put_state(client, room_id, type, content)
    assert (answer.status, answer.errcode) == (403, "M_FORBIDDEN"), answer
    after = state(client, room_id, type)
    assert (after.status, after.body) == (before.status, before.body)


@pytest.mark.parametrize("region", HONEST)
@pytest.mark.parametrize(
    ("type", "content"),
    [
        ("m.room.encryption", MEGOLM),
        ("m.room.join_rules", {"join_rule": "knock"}),
        ("m.room.history_visibility", {"history_visibility": "invited"}),
        ("m.room.name", {"name": "Informal"}),
        ("m.room.pinned_events", {"pinned": []}),
    ],
    ids=lambda value: str(value)[:50],
)
def test_state_that_the_network_uses_passes(
    region: str, type: str, content: Mapping[str, object], people: People, rooms: dict[str, str]
) -> None:
    """The fence is no wall: what the policy needs may be sent."""
    assert put_state(people[region], rooms[region], type, content).status == 200


@pytest.mark.parametrize("region", HONEST)
def test_nobody_outside_the_manifest_is_invited(region: str, people: People, rooms: dict[str, str]) -> None:
    """An invitation of a stranger is refused on every path, and leaves no membership behind."""
    client, room_id, stranger = people[region], rooms[region], "@someone:elsewhere.example"
    assert client.post(f"/rooms/{room_id}/invite", {"user_id": stranger}).status == 403
    assert put_state(client, room_id, "m.room.member", {"membership": "invite"}, stranger).status == 403
    email = {"medium": "email", "address": "a@b.c", "id_server": "i.example", "id_access_token": "t"}
    assert client.post(f"/rooms/{room_id}/invite", email).status >= 400
    members = client.get(f"/rooms/{room_id}/members").body["chunk"]
    assert {member["state_key"] for member in members} == {client.user_id}


@pytest.mark.parametrize("region", HONEST)
def test_a_change_of_membership_gives_no_reason(region: str, people: People) -> None:
    """Leaving works, leaving with words in the clear does not."""
    client = people[region]
    room_id = create(client)
    assert client.post(f"/rooms/{room_id}/leave", {"reason": "secret"}).status == 403
    assert client.post(f"/rooms/{room_id}/leave", {}).status == 200
