"""The Court's side on this machine: its register, its signing key, its bot."""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from nacl.utils import random as random_bytes

from bridge.court import CourtBot
from bridge.register import Register
from client.session.access import room_requests
from client.session.accounts import Accounts
from client.session.errors import StoreKeyWrong
from client.session.local.private_files import write_private
from client.session.store.vault import KEY_LENGTH
from node.cli.sessions import pinned_manifest, session_of
from node.errors import ConfigurationInvalid, NotTheCourt
from node.home import Home
from node.network.trust_material import ORGAN, read_key
from policies.trust.manifest import Manifest


def open_register(home: Home) -> Register:
    """Open the Court's register, making it and its 0600 key file where they are missing.

    Raises StoreError or StoreKeyWrong.
    """
    key_file, database = home.bridge / "register.key", home.bridge / "register.db"
    if not key_file.exists() and not database.exists():
        write_private(key_file, base64.b64encode(random_bytes(KEY_LENGTH)) + b"\n")
    return Register.open(database, _register_key(key_file))


def _register_key(path: Path) -> bytes:
    try:
        return base64.b64decode(path.read_bytes().strip(), validate=True)
    except (OSError, binascii.Error) as error:
        raise StoreKeyWrong(
            f"The key file of the Court's register, {path}, cannot be read.",
            why=f"The system says: {error.strerror}." if isinstance(error, OSError) else "It is not Base64.",
            remedy="Restore it from its backup: without it nobody can read the register.",
        ) from None


def required_manifest(home: Home) -> Manifest:
    """Return the pinned manifest. Raises ConfigurationInvalid where there is none."""
    manifest = pinned_manifest(home)
    if manifest is None:
        raise ConfigurationInvalid(
            f"The home at {home.root} has no manifest.",
            why="Only what the network's signed manifest names is believed, and serves the Court.",
            remedy="Run `rogatory up`, or put network/manifest.json and network/root.pub there.",
        )
    return manifest


def court_account(home: Home, manifest: Manifest, user: str | None) -> str | None:
    """Return the Court's account when its register is meant: --as names it, or nobody and it lies here."""
    organs = [organ.user_id for organ in manifest.organs if organ.organ == ORGAN]
    if not organs or user not in (None, organs[0]):
        return None
    return organs[0] if user or (home.bridge / "register.db").is_file() else None


def court_manifest(home: Home, user: str | None = None) -> Manifest:
    """Return the pinned manifest, for work as the Court's organ; `user` is who --as names, if anybody.

    Raises ConfigurationInvalid without a manifest, NotTheCourt when `user` is another account.
    """
    manifest = required_manifest(home)
    organ = manifest.organ(ORGAN)
    if user not in (None, organ.user_id):
        raise NotTheCourt(
            f"{user} is not the Court's account.",
            why=f"The manifest says that {ORGAN} writes as {organ.user_id}, and only it takes such steps.",
            remedy=f"Use --as {organ.user_id} on the Court's machine.",
        )
    return manifest


@contextlib.asynccontextmanager
async def court_bot(home: Home, manifest: Manifest, register: Register) -> AsyncIterator[CourtBot]:
    """Open the bot of the Court's organ: its session, its room calls and its signing key.

    Raises UnknownAccount when the organ's account is not on this machine, KeyInvalid when its key cannot be
    read, and what opening a session raises.
    """
    account = Accounts(home.accounts).find(manifest.organ(ORGAN).user_id)
    key = read_key(home.network / "organs" / f"{ORGAN}.key")
    async with session_of(home, account) as session, room_requests(account) as rooms:
        yield CourtBot(session, rooms, register, key, manifest, organ=ORGAN, poll=0.1)
