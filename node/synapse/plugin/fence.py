"""The fence: the network's rules, enforced by the homeserver itself on its own users, bots up or down.

The rules are in `rules.py` and `creation.py`; here they answer Synapse's callbacks. Which callback sees what,
and why exactly these, was measured:

- Only `on_create_room` leaves nothing behind when it refuses, and it alone may amend; /upgrade does not pass
  it, so `user_may_create_room` looks at the version once more.
- `check_event_allowed` sees everything that our users send, and nothing that peers send.
- `check_event_for_spam` sees what peers send. What it names is emptied, hidden and never built upon, and the
  room goes on. It must do that to no state: hidden state still decides what is allowed, and hides an attack
  from the stewards. Against state from a hostile node the fence is power, and the guard of access lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from synapse.events import EventBase
from synapse.module_api import NOT_SPAM, ModuleApi
from synapse.module_api.errors import Codes, SynapseError
from synapse.types import Requester  # type: ignore[attr-defined] # defined in Rust, re-exported there

from node.errors import FenceRefusal
from node.synapse.plugin.access_list_guard import guard_access_lists
from node.synapse.plugin.configured import manifest_or_stop
from node.synapse.plugin.creation import amend_creation
from node.synapse.plugin.rules import (
    ROOM_VERSION,
    Content,
    Network,
    State,
    check_invitation,
    check_message,
    check_state,
)
from policies.trust.manifest import Manifest
from policies.user_id import server_of

_Verdict = Codes | Literal["NOT_SPAM"]
"""Synapse's answer of a spam check: NOT_SPAM, or the error code to refuse with."""


class Fence:
    """Loaded by Synapse; `config` is what homeserver.yaml says, verified by `parse_config`."""

    def __init__(self, config: Manifest, api: ModuleApi) -> None:
        self._network = Network.of(config, api.server_name)
        guard_access_lists(self._network)
        api.register_third_party_rules_callbacks(
            on_create_room=self.on_create_room, check_event_allowed=self.check_event_allowed
        )
        api.register_spam_checker_callbacks(
            user_may_create_room=self.user_may_create_room,
            federated_user_may_invite=self.federated_user_may_invite,
            check_event_for_spam=self.check_event_for_spam,
        )

    @staticmethod
    def parse_config(config: dict[str, object]) -> Manifest:
        """Verify the manifest; what is raised here stops Synapse's start."""
        return manifest_or_stop(config)

    async def on_create_room(self, requester: Requester, config: dict[str, Any], _is_admin: bool) -> None:
        """Amend a request to create a room, or refuse it; administrators are no exception."""
        try:
            amend_creation(config, sender=requester.user.to_string(), network=self._network)
        except FenceRefusal as refusal:
            raise _forbidden(refusal) from refusal

    async def user_may_create_room(
        self, _user_id: str, config: dict[str, Any]
    ) -> Literal["NOT_SPAM"] | tuple[Codes, dict[str, Any]]:
        """Refuse an upgrade to a version that the network does not have."""
        content = config.get("creation_content")
        asked = content.get("room_version") if isinstance(content, Mapping) else None
        if asked in (None, ROOM_VERSION):
            return NOT_SPAM
        words = f"Rooms of version {asked} are not allowed. Upgrade to version {ROOM_VERSION}."
        return Codes.FORBIDDEN, {"error": words}

    async def check_event_allowed(
        self, event: EventBase, state_events: Mapping[tuple[str, str], EventBase]
    ) -> tuple[bool, dict[str, Any] | None]:
        """Refuse what the rules do not let our users send, the events of a room's creation included."""
        try:
            if event.is_state():
                check_state(
                    event.type,
                    event.state_key,
                    dict(event.content),
                    sender=event.sender,
                    state=_contents(state_events),
                    network=self._network,
                )
            else:
                check_message(event.type, dict(event.content))
        except FenceRefusal as refusal:
            raise _forbidden(refusal) from refusal
        return True, None

    async def federated_user_may_invite(self, event: EventBase) -> _Verdict:
        """Refuse invitations of our users into rooms that this network does not have."""
        try:
            check_invitation(event.room_version.identifier, _stripped(event), event.sender, self._network)
        except FenceRefusal:
            return Codes.FORBIDDEN
        return NOT_SPAM

    async def check_event_for_spam(self, event: EventBase) -> _Verdict:
        """Hide plaintext that comes from elsewhere; what our own users send, check_event_allowed has seen."""
        if not event.is_state() and server_of(event.sender) != self._network.own_server:
            try:
                check_message(event.type, dict(event.content))
            except FenceRefusal:
                return Codes.FORBIDDEN
        return NOT_SPAM


def _contents(state: Mapping[tuple[str, str], EventBase]) -> State:
    # Synapse's own mapping of a content lacks some of what a dict can do
    return {key: dict(event.content) for key, event in state.items()}


def _stripped(invitation: EventBase) -> State:
    """Return the stripped state of an invitation; what cannot be read counts as absent."""
    found: dict[tuple[str, str], Content] = {}
    for entry in invitation.unsigned.get("invite_room_state", []):
        if not isinstance(entry, Mapping):
            continue
        type, state_key, content = entry.get("type"), entry.get("state_key"), entry.get("content")
        if isinstance(type, str) and isinstance(state_key, str) and isinstance(content, Mapping):
            found[type, state_key] = content
    return found


def _forbidden(refusal: FenceRefusal) -> SynapseError:
    return SynapseError(403, str(refusal), Codes.FORBIDDEN)
