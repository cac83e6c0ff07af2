"""Who the manifest names: nodes, regional authorities, organs of the Court and their keys."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from policies.trust.errors import KeyInvalid
from policies.trust.signing import check_key
from policies.trust.times import UtcTime, require_utc

_REGION = re.compile(r"[a-z][a-z0-9-]{0,62}")
_SERVER_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ManifestNode(msgspec.Struct, frozen=True, kw_only=True):
    """One region's homeserver, and where its peers reach it.

    `server_name` is its Matrix name without a port, `host` and `port` its federation listener. `ca_sha256` is
    the SHA-256 of the DER form of the certificate that signs its TLS certificates, 64 lowercase hex digits.
    """

    region: str
    server_name: str
    host: str
    port: int
    ca_sha256: str

    def __post_init__(self) -> None:
        require(_REGION.fullmatch(self.region), f"the region {self.region!r} is not a region code")
        require(_SERVER_NAME.fullmatch(self.server_name), f"{self.server_name!r} is not a server name")
        require(self.host and not set(self.host) & set(" \t\r\n/@"), f"{self.host!r} is not a host")
        require(0 < self.port < 65536, f"{self.port} is not a port")
        require(_SHA256.fullmatch(self.ca_sha256), "ca_sha256 is not 64 lowercase hex digits")


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """The key with which a region attests its people. `public_key` is unpadded Base64."""

    region: str
    key_id: str
    public_key: str
    valid_from: UtcTime
    valid_until: UtcTime

    def __post_init__(self) -> None:
        require(_REGION.fullmatch(self.region), f"the region {self.region!r} is not a region code")
        require_key(self.key_id, self.public_key)
        require_period(self.valid_from, self.valid_until)


class OrganKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key with which an organ of the Court signs requests. `public_key` is unpadded Base64."""

    key_id: str
    public_key: str
    valid_from: UtcTime
    valid_until: UtcTime

    def __post_init__(self) -> None:
        require_key(self.key_id, self.public_key)
        require_period(self.valid_from, self.valid_until)

    def valid_at(self, time: datetime) -> bool:
        """Tell whether the key could sign at that time."""
        return self.valid_from <= time < self.valid_until


class Organ(msgspec.Struct, frozen=True, kw_only=True):
    """An organ of the Court, as OTP: its account, and its keys past and present."""

    organ: str
    user_id: str
    keys: tuple[OrganKey, ...]

    def key(self, key_id: str) -> OrganKey | None:
        """Return the key of that id."""
        return next((key for key in self.keys if key.key_id == key_id), None)


def require(condition: object, reason: str) -> None:
    """For a Struct's `__post_init__`: raise ValueError, to which msgspec adds the path."""
    if not condition:
        raise ValueError(reason)


def require_unique(what: str, names: list[str]) -> None:
    """For a Struct's `__post_init__`: raise ValueError when a name occurs twice."""
    twice = sorted({name for name in names if names.count(name) > 1})
    require(not twice, f"the {what} occurs twice: {', '.join(twice)}")


def require_period(begin: datetime, end: datetime) -> None:
    """For a Struct's `__post_init__`: raise ValueError unless both times are in UTC and in order."""
    require_utc(begin, end)
    require(begin < end, "it ends before it begins")


def require_key(key_id: str, public_key: str) -> None:
    """For a Struct's `__post_init__`: raise ValueError unless both can belong to an Ed25519 key."""
    try:
        check_key(key_id, public_key)
    except KeyInvalid as error:
        raise ValueError(f"{error.what} {error.why}") from None
