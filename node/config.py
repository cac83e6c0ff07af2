"""node.toml: what one region's node is. Small, strict, and the only thing that a person edits."""

from __future__ import annotations

import json
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from client.session.local.private_files import write_private_if_changed
from node.errors import ConfigurationInvalid
from node.strict_toml import read_strictly

__all__ = [
    "Accounts",
    "Listener",
    "Listeners",
    "NetworkFiles",
    "NodeConfig",
    "RateLimit",
    "RateLimitName",
    "Storage",
    "StorageKind",
    "read_node_toml",
    "write_node_toml",
]

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Region = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,62}\Z")]
ServerName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?\Z")]
"""A DNS name in lower case, without a port: ports come from the manifest's peer table."""

_LEAST_BCRYPT_ROUNDS = 10
"""What a node outside development must have at least; 12 is the default."""


class StorageKind(StrEnum):
    """Where the homeserver keeps its data."""

    SQLITE = "sqlite"


class RateLimitName(StrEnum):
    """The rate limits that a node may change, by the name of Synapse's key without its `rc_`."""

    MESSAGE = "message"
    LOGIN_ADDRESS = "login.address"
    LOGIN_ACCOUNT = "login.account"
    LOGIN_FAILED_ATTEMPTS = "login.failed_attempts"
    JOINS_LOCAL = "joins.local"
    JOINS_REMOTE = "joins.remote"
    JOINS_PER_ROOM = "joins_per_room"
    INVITES_PER_ROOM = "invites.per_room"
    INVITES_PER_USER = "invites.per_user"
    INVITES_PER_ISSUER = "invites.per_issuer"
    ROOM_CREATION = "room_creation"
    KEY_REQUESTS = "key_requests"


class RateLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many actions a second in the long run, and so many at once."""

    per_second: Annotated[float, msgspec.Meta(gt=0, le=1_000_000)]
    burst_count: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class Storage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The database. SQLite is upstream's choice for tests and pilots only; PostgreSQL is not written yet."""

    kind: StorageKind = StorageKind.SQLITE


class Listener(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An address that the homeserver listens on."""

    host: str
    port: Port


class Listeners(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Clients and peers never share a listener: only the peers' one may be open to other machines."""

    client: Listener
    federation: Listener


class NetworkFiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the network gave this node. Paths are absolute, or relative to the folder of node.toml."""

    manifest: str
    """Path of the signed manifest (JSON)."""
    root_public_key: str
    """The pinned public key of the network root, unpadded base64."""
    certificate_authority: str
    """Path of the certificate authority that signs the peers' certificates (PEM)."""


class Accounts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How passwords are kept."""

    bcrypt_rounds: Annotated[int, msgspec.Meta(ge=4, le=16)] = 12
    """The cost of one password check is two to the power of this."""


class NodeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One node, as node.toml says it."""

    region: Region
    server_name: ServerName
    development: bool = False
    """True only for a network of `rogatory up`, whose root key protects nothing."""
    fence: bool = True
    """Whether the homeserver enforces the network's rules on its own users. Off only to test the others."""
    storage: Storage = msgspec.field(default_factory=Storage)
    listeners: Listeners
    network: NetworkFiles
    accounts: Accounts = msgspec.field(default_factory=Accounts)
    rate_limits: dict[RateLimitName, RateLimit] = {}

    @property
    def client_url(self) -> str:
        """The address that clients on this machine use."""
        host = self.listeners.client.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.listeners.client.port}"


def read_node_toml(path: Path) -> NodeConfig:
    """Read a node.toml. Raises ConfigurationInvalid, naming the file, the key and the nearest valid key."""
    try:
        text = path.read_text()
        data = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationInvalid(
            f"{path} cannot be read.",
            why=f"{error}.",
            remedy="Correct the file, or restore it from a backup.",
        ) from error
    storage = data.get("storage")
    if isinstance(storage, dict) and storage.get("kind") == "postgres":
        raise ConfigurationInvalid(
            f"{path}: storage.kind is 'postgres'.",
            why="This version cannot run on PostgreSQL yet.",
            remedy="Use 'sqlite'.",
        )
    config = read_strictly(data, NodeConfig, path)
    if not config.development and config.accounts.bcrypt_rounds < _LEAST_BCRYPT_ROUNDS:
        raise ConfigurationInvalid(
            f"{path}: accounts.bcrypt_rounds is {config.accounts.bcrypt_rounds}.",
            why=f"Outside development fewer than {_LEAST_BCRYPT_ROUNDS} make passwords cheap to guess.",
            remedy="Use 12.",
        )
    return config


def write_node_toml(path: Path, config: NodeConfig) -> bool:
    """Write `config` as a 0600 file that `read_node_toml` reads back the same; return whether it changed."""
    return write_private_if_changed(path, _to_toml(config))


def _to_toml(config: NodeConfig) -> str:
    tables: dict[str, object] = {}
    lines = ["# One node of Rogatory. Run `rogatory node start` after a change."]
    for name, value in msgspec.to_builtins(config).items():
        if isinstance(value, dict):
            tables[name] = value
        else:
            lines.append(f"{name} = {_scalar(value)}")
    for name, table in tables.items():
        lines += _table(name, table)
    return "\n".join(lines) + "\n"


def _table(header: str, table: object) -> list[str]:
    if not isinstance(table, dict) or not table:
        return []
    scalars = [f"{key} = {_scalar(value)}" for key, value in table.items() if not isinstance(value, dict)]
    lines = ["", f"[{header}]", *scalars] if scalars else []
    for key, value in table.items():
        # a key with a dot, as the rate limits have, must be quoted to stay one key
        lines += _table(f"{header}.{json.dumps(key) if '.' in key else key}", value)
    return lines


def _scalar(value: object) -> str:
    # TOML's basic strings, numbers and booleans are JSON's; only DEL needs an escape that JSON leaves out
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
