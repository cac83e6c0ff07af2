"""The keys of a development network: made once, kept in 0600 files, never shown.

In production the root's key is offline and each authority's key is with its region; here they all lie in the
home, and what the root signs is marked `development`, which a production client refuses.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from client.session.local.private_files import private_folder, write_private, write_private_if_changed
from policies.trust.errors import KeyInvalid
from policies.trust.signing import SigningKey

ORGAN = "OTP"
"""The organ whose bot the development network has: the Office of the Prosecutor."""


@dataclass(frozen=True)
class TrustMaterial:
    """The private keys of the network root, of each regional authority and of the Court's organ."""

    root: SigningKey
    authorities: Mapping[str, SigningKey]
    organ: SigningKey


def trust_material(folder: Path, regions: Iterable[str], now: datetime.datetime) -> TrustMaterial:
    """Return the keys that lie in `folder` (HOME/network), making those that are missing.

    Raises KeyInvalid when a file does not hold a key.
    """
    version = f"{now.year}a"
    root = _key(folder / "root.key", version)
    write_private_if_changed(folder / "root.pub", f"{root.public_key}\n")
    authorities = {region: _key(folder / "authorities" / f"{region}.key", version) for region in regions}
    return TrustMaterial(root, authorities, _key(folder / "organs" / f"{ORGAN}.key", version))


def read_key(path: Path) -> SigningKey:
    """Read a private key from its file. Raises KeyInvalid, which names the file and never what is in it."""
    try:
        return SigningKey.from_text(path.read_text())
    except (OSError, UnicodeDecodeError, KeyInvalid) as error:
        raise KeyInvalid(
            f"The key file {path} cannot be used.",
            why=_why(error),
            remedy="Restore it from its backup. A new key would have to be named by a new manifest.",
        ) from None


def _key(path: Path, version: str) -> SigningKey:
    if not path.is_file():
        private_folder(path.parent)
        write_private(path, SigningKey.generate(version).to_text())
    return read_key(path)


def _why(error: OSError | UnicodeDecodeError | KeyInvalid) -> str:
    if isinstance(error, KeyInvalid):
        return error.why
    return f"The system says: {error.strerror}." if isinstance(error, OSError) else "It is not a text."
