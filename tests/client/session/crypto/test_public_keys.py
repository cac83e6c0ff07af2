from __future__ import annotations

from typing import Any

import pytest
from vodozemac import Account

from client.session.crypto.olm_account import OlmAccount
from client.session.crypto.own_identity import OwnIdentity
from client.session.crypto.public_keys import BadKeys, Identity, checked_device

USER = "@bob:b.test"


def _device() -> tuple[dict[str, Any], Identity]:
    identity = OwnIdentity.generate(USER)
    keys: dict[str, Any] = identity.self_signing.sign(OlmAccount(USER, "BOB", Account()).device_keys(), USER)
    master = identity.master.public_key
    return keys, Identity(USER, master, identity.self_signing.public_key, master)


def test_a_device_signed_by_itself_and_its_identity_is_believed() -> None:
    """A whole chain is believed, and without the identity the device is there, unsigned."""
    keys, identity = _device()
    assert checked_device(keys, USER, "BOB", identity).signed
    assert not checked_device(keys, USER, "BOB", None).signed


@pytest.mark.parametrize(
    "change",
    [
        {"user_id": "@eve:e.test"},
        {"device_id": "EVE"},
        {"keys": None},
        {"keys": {}},
        {"keys": {"curve25519:BOB": "AAAA", "ed25519:BOB": "AAAA"}},
        {"signatures": {}},
        {"signatures": {USER: {"ed25519:BOB": "AAAA"}}},
        {"algorithms": ["other"]},
    ],
)
def test_a_device_that_was_altered_is_not_believed(change: dict[str, Any]) -> None:
    """Every altered member of a device breaks its own signature."""
    keys, identity = _device()
    with pytest.raises(BadKeys):
        checked_device({**keys, **change}, USER, "BOB", identity)


def test_a_device_whose_identity_key_was_swapped_is_not_believed() -> None:
    """The server's own Curve25519 key in Bob's device, signed again by Bob's identity only, is refused."""
    keys, identity = _device()
    keys["keys"] = {**keys["keys"], "curve25519:BOB": Account().curve25519_key.to_base64()}
    with pytest.raises(BadKeys, match="does not fit"):
        checked_device(keys, USER, "BOB", identity)


def test_a_device_may_not_be_called_like_a_cross_signing_key() -> None:
    """Else a signature of one could be passed off as the other's (Matrix spec, "Key security")."""
    identity = OwnIdentity.generate(USER)
    master = identity.master.public_key
    keys = OlmAccount(USER, master, Account()).device_keys()
    with pytest.raises(BadKeys, match="cross-signing"):
        checked_device(keys, USER, master, Identity(USER, master, None, master))
