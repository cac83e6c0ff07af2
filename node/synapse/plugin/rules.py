"""The network's rules for events, as plain functions: what a node refuses of its own users and of its peers.

Nothing of Synapse is imported here. `fence.py` calls these from Synapse's callbacks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from node.errors import FenceRefusal
from node.synapse.plugin.access_list import check_access_list
from node.synapse.plugin.state_shapes import NAME_LENGTH, check_shape
from policies.trust.manifest import Manifest
from policies.user_id import server_of

Content = Mapping[str, object]
State = Mapping[tuple[str, str], Content]
"""A room's state: the content by type and state key."""

ROOM_VERSION = "12"
ALGORITHM = "m.megolm.v1.aes-sha2"
LEAST_INVITE_POWER = 50
HISTORY = ("joined", "invited")
JOIN_RULES = ("invite", "knock", "restricted", "knock_restricted")

_ENCRYPTED_MEMBERS = frozenset(
    {"algorithm", "ciphertext", "sender_key", "device_id", "session_id", "m.relates_to"}
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_MOST_ROTATION = {"rotation_period_ms": 604_800_000, "rotation_period_msgs": 100}
"""The specification's defaults (a week, 100 messages); a room may change its keys sooner, never later."""


@dataclass(frozen=True)
class Network:
    """What the rules need to know: this server, all servers, and who speaks for the network."""

    own_server: str
    servers: frozenset[str]
    officials: frozenset[str]
    """This node's steward, and the Court's organs: only they write topics and state of our namespace."""

    @classmethod
    def of(cls, manifest: Manifest, own_server: str) -> Network:
        """Return the network of the manifest, as the node `own_server` sees it."""
        organs = {organ.user_id for organ in manifest.organs}
        return cls(
            own_server, frozenset(manifest.server_names), frozenset({f"@steward:{own_server}", *organs})
        )


def check_message(type: str, content: Content) -> None:
    """Raise FenceRefusal unless an event without a state key, ours or a peer's, is no plaintext.

    An allow-list: of every other type the content would be readable on all servers of the room.
    """
    if type == "m.room.encrypted":
        _check_encrypted(content)
    elif type == "m.room.redaction":
        _check_redaction(content)
    elif type != "org.matrix.dummy_event" or content:  # Synapse's own, empty: it ties a room's ends together
        raise FenceRefusal(
            f"A message of the type {type} is not encrypted.",
            why="Every room of this network is end-to-end encrypted, and the homeserver takes nothing else.",
            remedy="Use a client that encrypts, with encryption switched on.",
        )


def check_state(
    type: str, state_key: str, content: Content, *, sender: str, state: State, network: Network
) -> None:
    """Raise FenceRefusal unless a user of this node may send this state into a room that is in `state`.

    What power is needed for it is the protocol's to check; here is what nobody may send.
    """
    check_shape(type, content, official=sender in network.officials)
    if type == "m.room.member":
        _check_membership(state_key, content, network)
    elif type == "m.room.encryption":
        _check_encryption(content, state)
    elif type == "m.room.server_acl":
        check_access_list(
            content, present=present_servers(state), servers=network.servers, own_server=network.own_server
        )
    elif type == "m.room.topic" and content.get("topic") and sender not in network.officials:
        raise FenceRefusal(
            "A room's topic is written by the network's stewards only.",
            why="Topics are not encrypted: every server of the room could read what stands there.",
            remedy="Leave the topic out, and write it as the first message.",
        )
    elif type == "m.room.power_levels" and not _at_least(content.get("invite"), LEAST_INVITE_POWER):
        raise FenceRefusal(
            f"The power to invite may not be lower than {LEAST_INVITE_POWER}.",
            why="Otherwise any member could bring users of other servers into the room.",
            remedy=f"Set invite to {LEAST_INVITE_POWER} or more.",
        )
    else:
        _check_value(type, content)


def check_invitation(room_version: str, stripped: State, inviter: str, network: Network) -> None:
    """Raise FenceRefusal unless our users may be invited into a room of another server.

    `stripped` is the state that came with the invitation (Matrix specification, "Stripped state").
    """
    if server_of(inviter) not in network.servers:
        raise _not_in_network(inviter)
    _check_version(room_version)
    join_rule = stripped.get(("m.room.join_rules", ""), {}).get("join_rule", "invite")
    _one_of("join_rule", join_rule, JOIN_RULES)
    if is_space(stripped):
        return
    if stripped.get(("m.room.encryption", ""), {}).get("algorithm") != ALGORITHM:
        raise FenceRefusal(
            "The invitation is to a room that is not encrypted.",
            why="Every room of this network is end-to-end encrypted.",
            remedy="Create the room anew, on a node that keeps the network's rules.",
        )


def is_space(state: State) -> bool:
    """Tell whether the state is that of a space, which holds rooms and no messages."""
    return state.get(("m.room.create", ""), {}).get("type") == "m.space"


def present_servers(state: State) -> frozenset[str]:
    """Return the servers that have joined members."""
    return frozenset(
        server_of(key)
        for (type, key), content in state.items()
        if type == "m.room.member" and content.get("membership") == "join"
    )


def check_users(user_ids: Collection[object], network: Network) -> None:
    """Raise FenceRefusal when one of the users is not of the network."""
    for user_id in user_ids:
        if not isinstance(user_id, str) or server_of(user_id) not in network.servers:
            raise _not_in_network(user_id)


def good_encryption(content: Content) -> bool:
    """Tell whether the content of m.room.encryption is what every room of the network has."""
    return content.get("algorithm") == ALGORITHM and all(
        _within(content.get(member, most), most) for member, most in _MOST_ROTATION.items()
    )


def _check_encrypted(content: Content) -> None:
    ciphertext = content.get("ciphertext")
    whole = isinstance(ciphertext, str) and _BASE64.fullmatch(ciphertext)
    if content.get("algorithm") != ALGORITHM or not whole or not content.keys() <= _ENCRYPTED_MEMBERS:
        raise FenceRefusal(
            "This event calls itself encrypted and is not.",
            why=f"It must be {ALGORITHM} with a ciphertext in base64, and carry nothing in the clear.",
            remedy="Use a client that encrypts as the Matrix specification says.",
        )


def _check_redaction(content: Content) -> None:
    if content.get("reason") or not content.keys() <= {"redacts", "reason"}:
        raise FenceRefusal(
            "A redaction may not give a reason.",
            why="The reason is not encrypted: every server of the room could read it.",
            remedy="Redact without a reason; write the reason as an encrypted message.",
        )


def _check_membership(user_id: str, content: Content, network: Network) -> None:
    if content.get("reason"):
        raise FenceRefusal(
            "A change of membership may not give a reason.",
            why="The reason is not encrypted: every server of the room could read it.",
            remedy="Leave the reason out; write it as an encrypted message.",
        )
    if content.get("membership") == "invite":
        check_users([user_id], network)


def _check_encryption(content: Content, state: State) -> None:
    present = state.get(("m.room.encryption", ""))
    if present is not None and dict(present) == dict(content):
        return
    if present is not None or is_space(state) or not good_encryption(content):
        raise FenceRefusal(
            "A room's encryption cannot be set to this.",
            why=f"Every room has {ALGORITHM} from its first moment, no space has any; that never changes.",
            remedy="Leave it as it is.",
        )


def _check_value(type: str, content: Content) -> None:
    if type == "m.room.create":
        _check_version(content.get("room_version"))
    elif type == "m.room.join_rules":
        _one_of("join_rule", content.get("join_rule"), JOIN_RULES)
    elif type == "m.room.history_visibility":
        _one_of("history_visibility", content.get("history_visibility"), HISTORY)
    elif type == "m.room.guest_access":
        _one_of("guest_access", content.get("guest_access"), ("forbidden",))
    elif type == "m.room.name":
        _check_name(content.get("name"))


def _check_name(name: object) -> None:
    if name is not None and (not isinstance(name, str) or len(name) > NAME_LENGTH or "\n" in name):
        raise FenceRefusal(
            "This is too long for a room's name.",
            why=f"Names are not encrypted. One line of at most {NAME_LENGTH} characters tells rooms apart.",
            remedy="Shorten it, and name no case, person or request in it.",
        )


def _check_version(version: object) -> None:
    if version != ROOM_VERSION:
        raise FenceRefusal(
            f"Rooms of version {version} are not allowed.",
            why=f"Only version {ROOM_VERSION} protects who owns a room and how servers come to agree on it.",
            remedy=f"Create the room with version {ROOM_VERSION}.",
        )


def _one_of(member: str, value: object, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise FenceRefusal(
            f"{member} may not be {str(value)[:60]!r}.",
            why="Rooms of this network are closed, and their history is their members'.",
            remedy=f"Use one of: {', '.join(allowed)}.",
        )


def _not_in_network(user_id: object) -> FenceRefusal:
    return FenceRefusal(
        f"{str(user_id)[:255]} is not a user of this network.",
        why="Only the servers that the signed manifest names take part in it.",
        remedy="Check the spelling of the server's name.",
    )


def _at_least(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _within(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most
