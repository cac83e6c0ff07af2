"""The homeserver's secrets, each in a 0600 file that homeserver.yaml names by a `_path` key.

There is no pepper for passwords: Synapse reads one from homeserver.yaml only, where a secret must not stand
(`--no-secrets-in-config`). bcrypt salts each password by itself, and losing a pepper would lose them all.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from client.session.local.private_files import private_folder, write_private

FOLDER = "secrets"
REGISTRATION = "registration_shared_secret"
MACAROON = "macaroon_secret_key"
FORM = "form_secret"


def ensure_secrets(folder: Path) -> bool:
    """Write the secrets that a node's folder lacks; return whether any was written. Old ones are kept."""
    place = private_folder(folder / FOLDER)
    missing = [path for path in (place / REGISTRATION, place / MACAROON, place / FORM) if not path.exists()]
    for path in missing:
        write_private(path, secrets.token_urlsafe(32) + "\n")
    return bool(missing)


def registration_secret(folder: Path) -> str:
    """Return the secret with which accounts are registered without a login."""
    return (folder / FOLDER / REGISTRATION).read_text().strip()
