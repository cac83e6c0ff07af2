"""The identity that our own account shows on its homeserver: to be compared with what we hold."""

from __future__ import annotations

import msgspec

from client.session.crypto.own_identity import OwnIdentity
from client.session.crypto.public_keys import BadKeys, read_identity, read_signed_key
from client.session.events import Json
from client.session.transport import Transport
from client.session.wire import CLIENT, read_answer


class PublishedIdentity(msgspec.Struct, frozen=True):
    """The public keys of an account's identity; those that its master key does not sign are None."""

    master: str
    self_signing: str | None
    user_signing: str | None

    def is_of(self, identity: OwnIdentity) -> bool:
        """Return whether `identity`, private keys and all, is this one."""
        keys = (identity.master, identity.self_signing, identity.user_signing)
        return tuple(key.public_key for key in keys) == (self.master, self.self_signing, self.user_signing)


class _KeysAnswer(msgspec.Struct):
    master_keys: dict[str, msgspec.Raw] = {}
    self_signing_keys: dict[str, msgspec.Raw] = {}
    user_signing_keys: dict[str, msgspec.Raw] = {}


async def published_identity(transport: Transport, user_id: str) -> PublishedIdentity | None:
    """Ask which identity our own account shows, None where it has none that holds.

    Raises what the transport raises.
    """
    body: dict[str, Json] = {"device_keys": {user_id: []}}
    answer = read_answer(await transport.request("POST", f"{CLIENT}/keys/query", body=body), _KeysAnswer)
    if user_id not in answer.master_keys:
        return None
    try:
        master, self_signing = read_identity(
            user_id, answer.master_keys[user_id], answer.self_signing_keys.get(user_id)
        )
    except BadKeys:
        return None
    user_signing = read_signed_key(user_id, answer.user_signing_keys.get(user_id), "user_signing", master)
    return PublishedIdentity(master, self_signing, user_signing)
