"""The messages of a verification as they stand on the wire (Matrix spec, "Key verification framework").

They are read strictly and whole; how a message names its transaction is the matter of `addresses`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from client.session.crypto.verification.abort import Abort
from client.session.events import Content
from client.session.verification import CancelCode

REQUEST = "m.key.verification.request"
READY = "m.key.verification.ready"
START = "m.key.verification.start"
ACCEPT = "m.key.verification.accept"
KEY = "m.key.verification.key"
MAC = "m.key.verification.mac"
DONE = "m.key.verification.done"
CANCEL = "m.key.verification.cancel"
PREFIX = "m.key.verification."
SAS = "m.sas.v1"

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
_Names = Annotated[list[_Name], msgspec.Meta(max_length=64)]
_Text = Annotated[str, msgspec.Meta(max_length=2000)]


class Request(msgspec.Struct, frozen=True):
    """They ask. `timestamp` is in milliseconds since 1970 UTC; in a room it is the event's own."""

    from_device: _Name
    methods: _Names
    timestamp: int | None = None
    to: str | None = None


class Ready(msgspec.Struct, frozen=True):
    """They say yes, and which methods they know."""

    from_device: _Name
    methods: _Names


class Start(msgspec.Struct, frozen=True):
    """They begin with a method; the rest is of `m.sas.v1` and empty for any other."""

    from_device: _Name
    method: _Name
    key_agreement_protocols: _Names = []
    hashes: _Names = []
    message_authentication_codes: _Names = []
    short_authentication_string: _Names = []


class Accept(msgspec.Struct, frozen=True):
    """They take what they chose of what we offered, and commit themselves to a key."""

    key_agreement_protocol: _Name
    hash: _Name
    message_authentication_code: _Name
    short_authentication_string: _Names
    commitment: _Name


class Key(msgspec.Struct, frozen=True):
    """Their ephemeral public key, in unpadded Base64."""

    key: _Name


class Mac(msgspec.Struct, frozen=True):
    """Their keys, authenticated by what both sides have compared: key id → MAC, and the MAC of the ids."""

    mac: Annotated[dict[_Name, _Name], msgspec.Meta(max_length=64)]
    keys: _Name


class Finished(msgspec.Struct, frozen=True):
    """They are done."""


class Cancel(msgspec.Struct, frozen=True):
    """They end it. `reason` is theirs, for people; it is never shown as ours."""

    code: _Text
    reason: _Text = ""


Message = Request | Ready | Start | Accept | Key | Mac | Finished | Cancel

_TYPES: dict[str, type[Message]] = {
    REQUEST: Request,
    READY: Ready,
    START: Start,
    ACCEPT: Accept,
    KEY: Key,
    MAC: Mac,
    DONE: Finished,
    CANCEL: Cancel,
}


def is_verification(type: str, content: Content) -> bool:
    """Return whether an event of a room's timeline belongs to a verification."""
    return type.startswith(PREFIX) or (type == "m.room.message" and content.get("msgtype") == REQUEST)


def read_message(type: str, content: Content) -> Message:
    """Return a message read strictly. Raises Abort when it is not what the specification says."""
    kind = _TYPES.get(type)
    if kind is None:
        raise Abort(CancelCode.UNEXPECTED_MESSAGE, "They sent a message of a kind that is not known.")
    try:
        return msgspec.convert(content, type=kind)
    except (msgspec.ValidationError, ValueError, RecursionError, OverflowError):  # and half a surrogate pair
        raise Abort(CancelCode.INVALID_MESSAGE, "They sent a message that is malformed.") from None
