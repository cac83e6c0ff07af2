"""The to-device messages about secrets as they come: read, and not yet believed."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from client.session.foreign_json import decode

REQUEST, SEND = "m.secret.request", "m.secret.send"


class SecretRequest(msgspec.Struct, frozen=True):
    """One of our devices asks for a secret, or no longer does."""

    action: str
    request_id: str
    requesting_device_id: str
    name: str = ""


class SecretSend(msgspec.Struct, frozen=True):
    """The answer. The secret is in no repr."""

    request_id: str
    secret: str

    def __repr__(self) -> str:
        return f"SecretSend({self.request_id!r})"


@dataclass(frozen=True)
class SecretMessage:
    """A message with the user that the server names; `sender_key` is the Olm sender's, if encrypted."""

    sender: str
    sender_key: str | None
    content: SecretRequest | SecretSend


def read_secret_message(
    sender: str, sender_key: str | None, type: str, content: msgspec.Raw
) -> SecretMessage | None:
    """Return what a to-device message says of secrets, None for any other; a secret only from within Olm.

    Raises msgspec.DecodeError when it is malformed.
    """
    if type == REQUEST:
        return SecretMessage(sender, sender_key, decode(content, type=SecretRequest))
    if type == SEND and sender_key is not None:
        return SecretMessage(sender, sender_key, decode(content, type=SecretSend))
    return None
