"""The network's rules as plain functions: whatever comes in, they refuse or they keep their promise."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.errors import FenceRefusal
from node.synapse.plugin.access_list import check_access_list
from node.synapse.plugin.creation import amend_creation
from node.synapse.plugin.rules import Network, check_invitation, check_message, check_state

COURT, AFRICA, WEOG = "court.rogatory.test", "africa.rogatory.test", "weog.rogatory.test"
SERVERS = frozenset({COURT, AFRICA, WEOG})
STEWARD = f"@steward:{AFRICA}"
NETWORK = Network(AFRICA, SERVERS, frozenset({STEWARD, f"@otp:{COURT}"}))
MEGOLM = {"algorithm": "m.megolm.v1.aes-sha2"}
ENCRYPTED_ROOM = {("m.room.create", ""): {"room_version": "12"}, ("m.room.encryption", ""): MEGOLM}

# the names that the rules know: anything else would seldom come near one
words = (
    st.sampled_from(
        [
            "type",
            "content",
            "state_key",
            "m.room.encryption",
            "algorithm",
            "m.megolm.v1.aes-sha2",
            "m.room.encrypted",
        ]
    )
    | st.sampled_from(
        [
            "ciphertext",
            "m.room.join_rules",
            "join_rule",
            "public",
            "m.room.power_levels",
            "invite",
            "events",
            "users",
        ]
    )
    | st.sampled_from(
        ["m.room.server_acl", "allow", COURT, AFRICA, "@a:b.c", "membership", "reason", "name", "11", ""]
    )
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
contents = st.dictionaries(words, json_values, max_size=4)
entry = st.fixed_dictionaries({}, optional={"type": words | json_values, "content": contents | json_values})
requests = st.fixed_dictionaries(
    {},
    optional={
        "room_version": json_values,
        "preset": st.sampled_from(["private_chat", "public_chat", "trusted_private_chat"]) | json_values,
        "visibility": st.sampled_from(["private", "public"]) | json_values,
        "initial_state": st.lists(entry | json_values, max_size=3) | json_values,
        "creation_content": contents | json_values,
        "power_level_content_override": contents | json_values,
        "invite": st.lists(words, max_size=2) | json_values,
        "name": json_values,
        "topic": json_values,
    },
)


@given(request=requests)
def test_a_request_is_refused_or_becomes_a_room_of_the_policy(request: dict[str, Any]) -> None:
    """No request breaks the rules' reader, and none that passes lacks encryption, version or powers."""
    config = copy.deepcopy(request)
    try:
        amend_creation(config, sender=f"@a:{AFRICA}", network=NETWORK)
    except FenceRefusal:
        return
    assert config["room_version"] == config["creation_content"]["room_version"] == "12"
    state = {(entry["type"], entry["state_key"]): entry["content"] for entry in config["initial_state"]}
    is_space = config["creation_content"].get("type") == "m.space"
    assert (
        (("m.room.encryption", "") not in state) if is_space else (state["m.room.encryption", ""] == MEGOLM)
    )
    assert state["m.room.guest_access", ""] == {"guest_access": "forbidden"}
    assert state["m.room.history_visibility", ""]["history_visibility"] in {"joined", "invited"}
    powers = state.get(("m.room.power_levels", "")) or config["power_level_content_override"]
    assert powers["invite"] >= 50
    assert powers["events"]["m.room.server_acl"] >= 150
    assert config.get("visibility", "private") == "private"
    assert all(user_id.partition(":")[2] in SERVERS for user_id in config.get("invite") or [])


@given(type=words, state_key=words, content=contents, before=st.just(ENCRYPTED_ROOM) | st.just({}))
def test_no_content_breaks_the_reader_of_events(
    type: str, state_key: str, content: dict[str, Any], before: dict[tuple[str, str], dict[str, str]]
) -> None:
    """Whatever a client or a peer sends, the answer is yes or a FenceRefusal, never another error."""
    judgements: list[Callable[[], None]] = [
        lambda: check_message(type, content),
        lambda: check_state(type, state_key, content, sender="@a:b", state=before, network=NETWORK),
        lambda: check_invitation("12", {(type, state_key): content}, f"@a:{COURT}", NETWORK),
    ]
    refusals = [refusal for judge in judgements if (refusal := _refusal(judge)) is not None]
    assert all(refusal.what and refusal.why and refusal.remedy for refusal in refusals)
    # nothing is both a message without plaintext and an invitation into an encrypted room
    assert refusals


def _refusal(judge: Callable[[], None]) -> FenceRefusal | None:
    try:
        judge()
    except FenceRefusal as refusal:
        return refusal
    return None


@pytest.mark.parametrize(
    ("allow", "present", "reason"),
    [
        (SERVERS, SERVERS, None),
        ({COURT, AFRICA}, {COURT, AFRICA}, None),  # a request room
        ({COURT, AFRICA}, (), None),  # a new room, or one that is just being joined
        ({COURT, AFRICA}, SERVERS, f"leaves out {WEOG}"),
        ({COURT, WEOG}, (), f"leaves out {AFRICA}"),  # this server itself
        ({*SERVERS, "elsewhere.example"}, (), "elsewhere.example"),
        ({*SERVERS, "*"}, (), "'\\*'"),
        ((), (), "leaves out"),
    ],
)
def test_which_access_lists_are_the_networks(allow: set[str], present: set[str], reason: str | None) -> None:
    """Named servers of the manifest only, and none left out that has members in the room."""

    def judge() -> None:
        check_access_list({"allow": list(allow)}, present=present, servers=SERVERS, own_server=AFRICA)

    if reason is None:
        judge()
    else:
        with pytest.raises(FenceRefusal, match=reason):
            judge()


@pytest.mark.parametrize(
    "content", [{}, {"allow": "*"}, {"allow": [1]}, {"allow": [*SERVERS], "deny": [COURT]}]
)
def test_an_access_list_that_is_none_or_denies_is_foreign(content: dict[str, object]) -> None:
    """A list that cannot be read, or that denies, is not one of the network's."""
    with pytest.raises(FenceRefusal):
        check_access_list(content, present=(), servers=SERVERS, own_server=AFRICA)


def test_who_may_write_a_topic() -> None:
    """The node's own steward and the Court's organs may; the steward of another node may not, here."""
    for sender in (STEWARD, f"@otp:{COURT}"):
        check_state("m.room.topic", "", {"topic": "x"}, sender=sender, state=ENCRYPTED_ROOM, network=NETWORK)
    for sender in (f"@a:{AFRICA}", f"@steward:{WEOG}"):
        with pytest.raises(FenceRefusal, match="topic"):
            check_state(
                "m.room.topic", "", {"topic": "x"}, sender=sender, state=ENCRYPTED_ROOM, network=NETWORK
            )


@pytest.mark.parametrize(
    ("type", "content"),
    [
        ("org.rogatory.note", {"text": "in the clear"}),
        ("m.room.name", {"name": "A", "org.rogatory.text": "x"}),
    ],
)
def test_our_own_state_is_for_officials(type: str, content: dict[str, Any]) -> None:
    """In our namespace anything may stand, in the clear: only a steward or an organ may write there."""
    check_state(type, "", content, sender=STEWARD, state=ENCRYPTED_ROOM, network=NETWORK)
    for sender in (f"@a:{AFRICA}", f"@steward:{WEOG}"):
        with pytest.raises(FenceRefusal, match="not encrypted"):
            check_state(type, "", content, sender=sender, state=ENCRYPTED_ROOM, network=NETWORK)


def test_a_room_may_change_its_keys_sooner_but_not_later() -> None:
    """Shorter rotation periods than the specification's are kept at creation, longer ones are not."""
    for asked, kept in ((50, True), (101, False), (0, False)):
        encryption = {**MEGOLM, "rotation_period_msgs": asked}
        config: dict[str, Any] = {"initial_state": [{"type": "m.room.encryption", "content": encryption}]}
        amend_creation(config, sender=f"@a:{AFRICA}", network=NETWORK)
        state = {entry["type"]: entry["content"] for entry in config["initial_state"]}
        assert state["m.room.encryption"] == (encryption if kept else MEGOLM)
