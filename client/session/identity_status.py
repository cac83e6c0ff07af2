"""How a user's identity stands, for a person who must decide whether a change of it is genuine."""

from __future__ import annotations

import msgspec


class IdentityStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A user's cross-signing identity as this account knows it; keys in unpadded Base64.

    `master_key` is the one that the user's server shows, None where none is known; `pinned_master_key` the
    one that messages are held to. `verified`: a person compared the key of today on this device; `attested`:
    a regional authority names it.
    """

    user_id: str
    master_key: str | None
    pinned_master_key: str | None
    verified: bool
    attested: bool

    @property
    def changed(self) -> bool:
        """Whether it is no longer the pinned one: nothing is sent to the user until a person decides."""
        return self.master_key != self.pinned_master_key
