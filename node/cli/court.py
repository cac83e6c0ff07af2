"""The Court's side on this machine: its register, its signing key, its bot."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator

from nacl.utils import random as random_bytes

from bridge.court import CourtBot
from bridge.register import Register
from client.session.access import room_requests
from client.session.accounts import Accounts
from client.session.local.private_files import write_private
from client.session.store.vault import KEY_LENGTH
from node.cli.sessions import session_of
from node.home import Home
from node.network.trust_material import ORGAN
from policies.trust.manifest import Manifest
from policies.trust.signing import SigningKey


def open_register(home: Home) -> Register:
    """Open the Court's register, making it and its 0600 key file where they are missing.

    Raises StoreError or StoreKeyWrong.
    """
    key_file = home.bridge / "register.key"
    if not key_file.is_file() and not (home.bridge / "register.db").exists():
        write_private(key_file, base64.b64encode(random_bytes(KEY_LENGTH)) + b"\n")
    key = base64.b64decode(key_file.read_text().strip()) if key_file.is_file() else b""
    return Register.open(home.bridge / "register.db", key)


@contextlib.asynccontextmanager
async def court_bot(home: Home, manifest: Manifest, register: Register) -> AsyncIterator[CourtBot]:
    """Open the bot of the Court's organ: its session, its room calls and its signing key.

    Raises UnknownAccount when the organ's account is not on this machine, and what opening a session raises.
    """
    account = Accounts(home.accounts).find(manifest.organ(ORGAN).user_id)
    key = SigningKey.from_text((home.network / "organs" / f"{ORGAN}.key").read_text())
    async with session_of(home, account) as session, room_requests(account) as rooms:
        yield CourtBot(session, rooms, register, key, manifest, organ=ORGAN, poll=0.1)
