"""Our own cross-signing identity: three Ed25519 keys by pynacl (Matrix spec, end-to-end, "Cross-signing")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nacl.signing import SigningKey as Ed25519Key
from nacl.utils import random as random_bytes

from client.session.events import Json
from client.session.store.facts import Fact, Facts
from policies.trust.signing import signing_bytes
from policies.trust.unpadded_base64 import unpadded_base64


@dataclass(frozen=True)
class CrossSigningKey:
    """One of the three keys: `usage` is master, self_signing or user_signing; the seed is secret."""

    usage: str
    seed: bytes = field(repr=False)

    @property
    def public_key(self) -> str:
        """The public half, which is also its name."""
        return unpadded_base64(bytes(Ed25519Key(self.seed).verify_key))

    def signature(self, obj: Mapping[str, object]) -> str:
        """Return the signature of an object by this key."""
        return unpadded_base64(Ed25519Key(self.seed).sign(signing_bytes(obj)).signature)

    def sign(self, obj: dict[str, Json], user_id: str) -> dict[str, Json]:
        """Return a copy of `obj` with this key's signature added to the others."""
        return with_signature(obj, user_id, f"ed25519:{self.public_key}", self.signature(obj))


@dataclass(frozen=True)
class OwnIdentity:
    """The identity of the account: what proves our devices to others."""

    user_id: str
    master: CrossSigningKey
    self_signing: CrossSigningKey
    user_signing: CrossSigningKey

    @classmethod
    def generate(cls, user_id: str) -> OwnIdentity:
        """Make three new keys."""
        keys = [CrossSigningKey(usage, random_bytes(32)) for usage in _FACTS]
        return cls(user_id, *keys)

    @classmethod
    def load(cls, facts: Facts, user_id: str) -> OwnIdentity | None:
        """Read the keys from a store, or return None when it holds none."""
        seeds = {usage: facts.get(fact) for usage, fact in _FACTS.items()}
        keys = [CrossSigningKey(usage, seed) for usage, seed in seeds.items() if seed is not None]
        return cls(user_id, *keys) if len(keys) == len(_FACTS) else None

    def save(self, facts: Facts) -> None:
        """Write the keys to a store."""
        for key in (self.master, self.self_signing, self.user_signing):
            facts.put(_FACTS[key.usage], key.seed)

    @staticmethod
    def forget(facts: Facts) -> None:
        """Remove the keys from a store, whose account turned out to have another identity."""
        for fact in _FACTS.values():
            facts.drop(fact)

    def public_object(self, key: CrossSigningKey) -> dict[str, Json]:
        """Return a key's public object as /keys/device_signing/upload takes it, signed by the master key."""
        obj: dict[str, Json] = {
            "user_id": self.user_id,
            "usage": [key.usage],
            "keys": {f"ed25519:{key.public_key}": key.public_key},
        }
        return obj if key is self.master else self.master.sign(obj, self.user_id)


_FACTS = {
    "master": Fact.MASTER_SEED,
    "self_signing": Fact.SELF_SIGNING_SEED,
    "user_signing": Fact.USER_SIGNING_SEED,
}


def with_signature(obj: dict[str, Json], signer: str, key_id: str, signature: str) -> dict[str, Json]:
    """Return a copy of `obj` in which `signatures[signer][key_id]` is `signature`."""
    signatures = obj.get("signatures")
    others = dict(signatures) if isinstance(signatures, dict) else {}
    of_signer = others.get(signer)
    others[signer] = {**(of_signer if isinstance(of_signer, dict) else {}), key_id: signature}
    return {**obj, "signatures": others}
