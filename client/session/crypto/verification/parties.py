"""One side of a verification, with its keys as they were when it began."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Party:
    """A device and the identity that it belongs to; keys are Ed25519, in unpadded Base64.

    `master_key` is what a successful verification proves beside the device; None where the device does not
    vouch for one (ours, while our identity is not proven to it). `other_keys` are the user's further
    cross-signing keys: a device that calls itself like any of them is refused.
    """

    user_id: str
    device_id: str
    device_key: str
    master_key: str | None
    other_keys: frozenset[str] = frozenset()

    @property
    def is_ambiguous(self) -> bool:
        """Whether the device's id could be taken for a key (Matrix spec, "Key and signature security")."""
        return self.device_id in {self.master_key, *self.other_keys}

    @property
    def order(self) -> tuple[str, str]:
        """What decides between two starts at once: the smaller wins."""
        return self.user_id, self.device_id

    @property
    def key_ids(self) -> dict[str, str]:
        """The keys to be proven, by their ids in an m.key.verification.mac."""
        keys = {f"ed25519:{self.device_id}": self.device_key}
        if self.master_key is not None:
            keys[f"ed25519:{self.master_key}"] = self.master_key
        return keys
