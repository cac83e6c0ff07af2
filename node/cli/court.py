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
from node.cli.sessions import session_of
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
