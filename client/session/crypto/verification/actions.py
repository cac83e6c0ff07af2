"""What a verification wants done: the only way in which the state machine touches the world."""

from __future__ import annotations

from dataclasses import dataclass

from client.session.crypto.verification.parties import Party
from client.session.events import Json


@dataclass(frozen=True)
class Send:
    """Send a message. `devices`: to which of the other side's devices; in a room it is for everybody."""

    type: str
    content: dict[str, Json]
    devices: tuple[str, ...]


@dataclass(frozen=True)
class Trust:
    """The other side has proven its device's key, and with `master_proven` its master key too: sign them."""

    theirs: Party
    master_proven: bool


Action = Send | Trust
