"""`bridge serve` in a process of its own, to be killed: python -m ... HOME USER REGISTER MANIFEST KEY."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec

from bridge.court import CourtBot
from bridge.register import Register
from bridge.serve import serve
from client.session.access import room_requests
from client.session.accounts import Accounts
from client.session.opening import open_session
from policies.trust.manifest import Manifest
from policies.trust.signing import SigningKey
from tests.bridge.fake_court import KEY


async def _serve(accounts: Path, user_id: str, path: Path, manifest: Manifest, key: SigningKey) -> None:
    account = Accounts(accounts).find(user_id)
    with Register.open(path, KEY) as register:
        async with (
            open_session(account, welcome=lambda _: True) as session,
            room_requests(account) as rooms,
        ):
            bot = CourtBot(session, rooms, register, key, manifest, poll=0.05)
            await serve(bot, "127.0.0.1", 0, _say)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(
        _serve(
            Path(sys.argv[1]),
            sys.argv[2],
            Path(sys.argv[3]),
            msgspec.json.decode(Path(sys.argv[4]).read_bytes(), type=Manifest),
            SigningKey.from_text(Path(sys.argv[5]).read_text()),
        )
    )
