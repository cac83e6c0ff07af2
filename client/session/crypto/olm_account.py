"""Our device's Olm account: its keys, and the one-time keys that others use to reach it.

Everything that is uploaded is written to the store first, so that a process that dies in between uploads
the same keys again (a second set under the same names would be refused, and the first unreadable).
"""

from __future__ import annotations

from vodozemac import Account as VodozemacAccount

from client.session.crypto.own_identity import with_signature
from client.session.events import Json
from client.session.store.facts import Fact, Facts
from policies.trust.signing import signing_bytes

PICKLE_KEY = bytes(32)
"""vodozemac encrypts what it pickles. The store is encrypted already, so its own key adds nothing."""

OLM = "m.olm.v1.curve25519-aes-sha2"
MEGOLM = "m.megolm.v1.aes-sha2"
SIGNED_KEY = "signed_curve25519"


class OlmAccount:
    """The Olm account of one device."""

    def __init__(self, user_id: str, device_id: str, account: VodozemacAccount) -> None:
        self.user_id = user_id
        self.device_id = device_id
        self.vodozemac = account
        self.curve25519 = account.curve25519_key.to_base64()
        self.ed25519 = account.ed25519_key.to_base64()

    @classmethod
    def load(cls, facts: Facts, user_id: str, device_id: str) -> OlmAccount | None:
        """Read the account from a store, or return None when it holds none."""
        pickle = facts.text(Fact.OLM_ACCOUNT)
        if pickle is None:
            return None
        return cls(user_id, device_id, VodozemacAccount.from_pickle(pickle, PICKLE_KEY))

    def save(self, facts: Facts) -> None:
        """Write the account to a store: before every upload, and with every session that it made."""
        facts.put(Fact.OLM_ACCOUNT, self.vodozemac.pickle(PICKLE_KEY))

    def sign(self, obj: dict[str, Json]) -> dict[str, Json]:
        """Return a copy of `obj` signed by this device."""
        signature = self.vodozemac.sign(signing_bytes(obj)).to_base64()
        return with_signature(obj, self.user_id, f"ed25519:{self.device_id}", signature)

    def device_keys(self) -> dict[str, Json]:
        """Return the device's public keys, signed by the device itself."""
        return self.sign(
            {
                "user_id": self.user_id,
                "device_id": self.device_id,
                "algorithms": [OLM, MEGOLM],
                "keys": {
                    f"curve25519:{self.device_id}": self.curve25519,
                    f"ed25519:{self.device_id}": self.ed25519,
                },
            }
        )

    def replenish(self, on_server: int, *, fallback_unused: bool) -> bool:
        """Make one-time keys up to the account's maximum, and a fallback key where none is unused.

        `on_server` is how many the server still has. Returns whether there is anything to publish; the
        caller saves the account before it does.
        """
        most = self.vodozemac.max_number_of_one_time_keys
        on_server = min(max(on_server, 0), most)  # whatever the server says
        if on_server > most // 2 and self.vodozemac.one_time_keys:
            # Keys are made only when fewer are there: these were uploaded, and the answer was lost. Uploaded
            # again, one that was claimed meanwhile would be given out a second time.
            self.mark_published()
        missing = most - on_server - len(self.vodozemac.one_time_keys)
        if missing > most // 2:
            self.vodozemac.generate_one_time_keys(missing)
        if not fallback_unused and not self._fallback():
            self.vodozemac.generate_fallback_key()  # type: ignore[attr-defined] # missing from the stub
        return bool(self.vodozemac.one_time_keys or self._fallback())

    def unpublished_keys(self) -> dict[str, Json]:
        """Return the members of a /keys/upload body for what was made and not yet published."""
        body: dict[str, Json] = {}
        one_time = {name: key.to_base64() for name, key in self.vodozemac.one_time_keys.items()}
        if one_time:
            body["one_time_keys"] = {
                f"{SIGNED_KEY}:{name}": self.sign({"key": key}) for name, key in one_time.items()
            }
        fallback = self._fallback()
        if fallback:
            body["fallback_keys"] = {
                f"{SIGNED_KEY}:{name}": self.sign({"key": key, "fallback": True})
                for name, key in fallback.items()
            }
        return body

    def mark_published(self) -> None:
        """Note that the server has the unpublished keys; the caller saves the account."""
        self.vodozemac.mark_keys_as_published()

    def _fallback(self) -> dict[str, str]:
        keys = self.vodozemac.fallback_key  # type: ignore[attr-defined] # missing from the stub
        return {name: key.to_base64() for name, key in keys.items()}
