"""`EncryptedFile` v2: what a message says about its file (Matrix spec, "Sending encrypted attachments")."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from client.session.crypto.secret_storage.sealed_secret import from_base64
from client.session.events import Json

KEY_LENGTH, COUNTER_LENGTH, HASH_LENGTH = 32, 16, 32
# A server's name and a media id hold nothing that could make another path of a request.
_ADDRESS = re.compile(
    r"mxc://(?P<server>[A-Za-z0-9\[][A-Za-z0-9.:\[\]-]{0,254})/(?P<media>[A-Za-z0-9_-]{1,255})"
)


class _Key(msgspec.Struct):
    kty: Literal["oct"]
    alg: Literal["A256CTR"]
    k: str


class _Hashes(msgspec.Struct):
    sha256: str


class _File(msgspec.Struct):
    v: Literal["v2"]
    url: str
    key: _Key
    iv: str
    hashes: _Hashes


@dataclass(frozen=True, kw_only=True)
class FileKey:
    """What opens a file's ciphertext, wherever that lies.

    `key` has 32 bytes; `counter` is the first counter block, 16 bytes; `sha256` is that of the ciphertext.
    """

    key: bytes = field(repr=False)
    counter: bytes = field(repr=False)
    sha256: bytes

    def content(self) -> dict[str, Json]:
        """Return the member `file` of a message, but for the address."""
        key: Json = {
            "kty": "oct",
            "alg": "A256CTR",
            "k": base64.urlsafe_b64encode(self.key).decode().rstrip("="),
            "key_ops": ["encrypt", "decrypt"],
            "ext": True,
        }
        return {
            "v": "v2",
            "key": key,
            "iv": _unpadded(self.counter),
            "hashes": {"sha256": _unpadded(self.sha256)},
        }


@dataclass(frozen=True)
class MediaAddress:
    """Where a file lies: a server's name, and the id that the server gave it."""

    server: str
    media_id: str

    def __str__(self) -> str:
        return f"mxc://{self.server}/{self.media_id}"


@dataclass(frozen=True, kw_only=True)
class EncryptedFile(FileKey):
    """A file's key, and where its ciphertext lies."""

    address: MediaAddress


def read_encrypted_file(file: Json) -> EncryptedFile:
    """Read the member `file` of somebody's message. Raises ValueError, with the field and the reason."""
    try:
        read = msgspec.convert(file, _File)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        raise ValueError(f"`file{place.rstrip('`')}`: {reason}") from None
    return EncryptedFile(
        address=read_address(read.url, "file.url"),
        key=_bytes(read.key.k.replace("-", "+").replace("_", "/"), KEY_LENGTH, "file.key.k"),
        counter=_bytes(read.iv, COUNTER_LENGTH, "file.iv"),
        sha256=_bytes(read.hashes.sha256, HASH_LENGTH, "file.hashes.sha256"),
    )


def read_address(url: str, name: str) -> MediaAddress:
    """Return what an mxc:// address says, found as `name`. Raises ValueError."""
    found = _ADDRESS.fullmatch(url)
    if found is None:
        raise ValueError(f"`{name}`: It is no mxc:// address of a server and a file on it")
    return MediaAddress(found["server"], found["media"])


def _bytes(text: str, length: int, name: str) -> bytes:
    try:
        data = from_base64(text)
    except ValueError:
        raise ValueError(f"`{name}`: It is not Base64") from None
    if len(data) != length:
        raise ValueError(f"`{name}`: It has {len(data)} bytes and must have {length}")
    return data


def _unpadded(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")
