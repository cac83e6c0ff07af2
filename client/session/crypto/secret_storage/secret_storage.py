"""The secret storage of an account: opened with its recovery key or passphrase, or made anew."""

from __future__ import annotations

import base64
import enum
import secrets

import msgspec

from client.session.crypto.secret_storage.account_data import AccountData
from client.session.crypto.secret_storage.key_description import KeyDescription
from client.session.crypto.secret_storage.passphrase import PassphraseParameters, key_from_passphrase
from client.session.crypto.secret_storage.recovery_key import KEY_LENGTH, read_recovery_key
from client.session.crypto.secret_storage.sealed_secret import (
    AES_HMAC_SHA2,
    SealedSecret,
    SecretUnreadable,
    from_base64,
    seal,
    unseal,
)
from client.session.errors import RecoveryKeyWrong, RecoveryNotSetUp
from client.session.foreign_json import decode

_DEFAULT_KEY = "m.secret_storage.default_key"


class SecretName(enum.StrEnum):
    """The secrets of an account (Matrix spec, "Secrets"): each 32 bytes, and also an account data type."""

    MASTER = "m.cross_signing.master"
    SELF_SIGNING = "m.cross_signing.self_signing"
    USER_SIGNING = "m.cross_signing.user_signing"
    BACKUP = "m.megolm_backup.v1"


class _DefaultKey(msgspec.Struct):
    key: str


class _Secret(msgspec.Struct):
    encrypted: dict[str, msgspec.Raw] = {}


class StorageKey:
    """A storage key with its id: what opens one account's secrets. It is in no repr."""

    def __init__(self, key_id: str, key: bytes, description: KeyDescription) -> None:
        self.key_id = key_id
        self.key = key
        self.description = description

    @classmethod
    async def new(cls, passphrase: str | None) -> StorageKey:
        """Make a key: a random one, or that of a new passphrase."""
        parameters = PassphraseParameters.new() if passphrase is not None else None
        if passphrase is not None and parameters is not None:
            key = await key_from_passphrase(passphrase, parameters)
        else:
            key = secrets.token_bytes(KEY_LENGTH)
        return cls(secrets.token_urlsafe(24), key, KeyDescription.of(key, parameters))


class SecretStorage:
    """The secrets of one account on its server. Every call raises what the transport raises."""

    def __init__(self, data: AccountData) -> None:
        self._data = data

    async def key_id(self) -> str | None:
        """Return the id of the account's storage key, or None where no recovery was ever set up."""
        default = await self._data.get(_DEFAULT_KEY, _DefaultKey)
        return None if default is None else default.key

    async def open(self, *, recovery_key: str | None = None, passphrase: str | None = None) -> StorageKey:
        """Return the account's storage key from what its owner gave: one of the two.

        Raises RecoveryNotSetUp, and RecoveryKeyWrong when it is not the right one.
        """
        # What is mistyped is told before anything is asked.
        given = read_recovery_key(recovery_key) if recovery_key is not None else None
        key_id = await self.key_id()
        description = None
        if key_id is not None:
            description = await self._data.get(f"m.secret_storage.key.{key_id}", KeyDescription)
        if key_id is None or description is None:
            raise RecoveryNotSetUp(
                "Recovery was never set up for this account.",
                why="Its homeserver holds no secrets of it.",
                remedy="Run `rogatory recover --setup` on a device that is already vouched for.",
            )
        if description.algorithm != AES_HMAC_SHA2:
            raise _wrong("The secrets are sealed in a way that is not known here.")
        key = given if given is not None else await _from_passphrase(passphrase or "", description)
        if description.fits(key) is False:
            raise _wrong("It is not the one that the account's secrets are sealed with.")
        return StorageKey(key_id, key, description)

    async def read(self, key: StorageKey, name: SecretName) -> bytes | None:
        """Return a secret of 32 bytes, or None where the storage has none of that name.

        Raises RecoveryKeyWrong when it does not open: another key sealed it, or the server altered it.
        """
        stored = await self._data.get(name.value, _Secret)
        raw = stored.encrypted.get(key.key_id) if stored is not None else None
        if raw is None:
            return None
        try:
            # The plaintext is the Base64 of the secret.
            secret = from_base64(unseal(key.key, name.value, decode(raw, type=SealedSecret)).decode())
            if len(secret) != KEY_LENGTH:
                raise SecretUnreadable("it has the wrong length")
        except (SecretUnreadable, msgspec.DecodeError, ValueError):
            raise _wrong(f"The secret {name.value} does not open with it, or was altered.") from None
        return secret

    async def write(self, key: StorageKey, name: SecretName, secret: bytes) -> None:
        """Seal a secret of 32 bytes, and store it in place of what was there."""
        plaintext = base64.b64encode(secret).rstrip(b"=")
        sealed = msgspec.to_builtins(seal(key.key, name.value, plaintext))
        await self._data.put(name.value, {"encrypted": {key.key_id: sealed}})

    async def describe(self, key: StorageKey) -> None:
        """Store the description of a key."""
        await self._data.put(f"m.secret_storage.key.{key.key_id}", key.description)

    async def make_default(self, key: StorageKey) -> None:
        """Make a key the account's: the last step, once every secret is there."""
        await self._data.put(_DEFAULT_KEY, {"key": key.key_id})


async def _from_passphrase(passphrase: str, description: KeyDescription) -> bytes:
    if description.passphrase is None:
        raise _wrong("The account has a recovery key and no passphrase.")
    return await key_from_passphrase(passphrase, description.passphrase)


def _wrong(why: str) -> RecoveryKeyWrong:
    return RecoveryKeyWrong(
        "The account's secrets do not open.",
        why=why,
        remedy="Check the recovery key or the passphrase; if both are lost, see `rogatory recover --help`.",
    )
