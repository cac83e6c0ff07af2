"""The steps of a plan: what is to be done, by whom, after what, and why."""

from __future__ import annotations

import msgspec

from policies.network.addresses import Content
from policies.network.desired import DesiredState


class Step(msgspec.Struct, frozen=True, kw_only=True, tag_field="action"):
    """What every action has.

    `address` is the room's policy address and `room_id` its id where the room is there already, `actor` the
    user id that acts and `server` that user's; `why` is one sentence. `needs` are keys of earlier actions of
    the same plan without which this one cannot be done, `after` those that must be over, done or failed.
    """

    address: str
    room_id: str | None
    actor: str
    server: str
    why: str
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class CreateRoom(Step, frozen=True, kw_only=True, tag="create"):
    """Create a room with all its `state` and invite the users in `invite`, in one request."""

    alias_localpart: str
    is_space: bool
    additional_creators: tuple[str, ...]
    state: tuple[DesiredState, ...]
    invite: tuple[str, ...]

    @property
    def key(self) -> str:
        """What other actions name this one by."""
        return create_key(self.address)


class PutState(Step, frozen=True, kw_only=True, tag="put"):
    """Set one piece of state from `before` (None: not there) to `content`."""

    type: str
    state_key: str
    before: Content | None
    content: Content

    @property
    def key(self) -> str:
        """What other actions name this one by."""
        return f"put {self.address} {self.type} {self.state_key}"


class Invite(Step, frozen=True, kw_only=True, tag="invite"):
    """Invite `user_id`, whose membership was `before` (None: never had one)."""

    user_id: str
    before: str | None

    @property
    def key(self) -> str:
        """What other actions name this one by."""
        return invite_key(self.address, self.user_id)


class Join(Step, frozen=True, kw_only=True, tag="join"):
    """The actor joins, `via` servers that are in the room; the membership was `before`."""

    via: tuple[str, ...]
    before: str | None

    @property
    def key(self) -> str:
        """What other actions name this one by."""
        return join_key(self.address, self.actor)


class Witness(Step, frozen=True, kw_only=True, tag="witness"):
    """Wait until the actor's server has seen that `users` joined. It changes nothing.

    An event that a server sends before it knows who else is in the room does not reach those others, and what
    is built on it cannot be checked by them: the room's state falls apart between the servers.
    """

    users: tuple[str, ...]

    @property
    def key(self) -> str:
        """What other actions name this one by."""
        return witness_key(self.address, self.server)


Action = CreateRoom | PutState | Invite | Join | Witness


def create_key(address: str) -> str:
    """Return the key of the creation of a room."""
    return f"create {address}"


def invite_key(address: str, user_id: str) -> str:
    """Return the key of an invitation."""
    return f"invite {address} {user_id}"


def join_key(address: str, user_id: str) -> str:
    """Return the key of a user's joining."""
    return f"join {address} {user_id}"


def witness_key(address: str, server: str) -> str:
    """Return the key of a server's having seen who is in a room."""
    return f"witness {address} {server}"
