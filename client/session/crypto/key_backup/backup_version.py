"""The versions of a backup: which is the account's now, whether it may be trusted, and making a new one."""

from __future__ import annotations

import msgspec

from client.session.crypto.key_backup.session_data import public_key_of
from client.session.crypto.olm_account import OlmAccount
from client.session.crypto.own_identity import OwnIdentity
from client.session.errors import NotFound
from client.session.events import Json
from client.session.transport import Transport
from client.session.wire import CLIENT, part, read_answer
from policies.trust.errors import TrustError
from policies.trust.signing import decode_base64, verify_object

BACKUP_ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2"
_VERSIONS = f"{CLIENT}/room_keys/version"


class BackupVersion(msgspec.Struct, frozen=True):
    """A version as the server shows it; `auth_data` holds the public key and its signatures."""

    algorithm: str
    version: str
    auth_data: dict[str, Json] = {}

    @property
    def public_key(self) -> str | None:
        """The key that room keys are encrypted for, or None where it is none."""
        key = self.auth_data.get("public_key")
        try:
            return key if isinstance(key, str) and len(decode_base64(key)) == 32 else None
        except TrustError:
            return None

    def refusal(self, user_id: str, master_key: str | None, private_key: bytes | None) -> str | None:
        """Return why room keys must not be put there, or None when they may.

        They may when we hold its private key, or when our own identity signs it: `master_key`, None on a
        device that has not proven it.
        """
        if self.algorithm != BACKUP_ALGORITHM:
            return f"It is encrypted in a way that is not known here ({self.algorithm[:80]!r})."
        if self.public_key is None:
            return "It has no key."
        if private_key is not None and public_key_of(private_key) == self.public_key:
            return None
        if master_key is None:
            return "This device cannot tell yet whose it is."
        try:
            verify_object(self.auth_data, user_id, f"ed25519:{master_key}", master_key)
        except TrustError:
            return "Its key is not the account's: neither our identity signs it nor do we hold its secret."
        return None


async def current_version(transport: Transport) -> BackupVersion | None:
    """Return the account's backup as the server shows it now. Raises what the transport raises."""
    try:
        return read_answer(await transport.request("GET", _VERSIONS), BackupVersion)
    except NotFound:
        return None


async def make_version(
    transport: Transport, private_key: bytes, account: OlmAccount, identity: OwnIdentity
) -> BackupVersion:
    """Begin a new, empty version, signed by our device and our master key; the server then uses no other."""
    data = account.sign({"public_key": public_key_of(private_key)})
    data = identity.master.sign(data, account.user_id)
    body: dict[str, Json] = {"algorithm": BACKUP_ALGORITHM, "auth_data": data}
    raw = await transport.request("POST", _VERSIONS, body=body)
    return BackupVersion(BACKUP_ALGORITHM, read_answer(raw, _Made).version, data)


async def delete_version(transport: Transport, version: str) -> None:
    """Remove a version with all its keys; one that is gone already is fine."""
    try:
        await transport.request("DELETE", f"{_VERSIONS}/{part(version)}")
    except NotFound:
        return


class _Made(msgspec.Struct):
    version: str
