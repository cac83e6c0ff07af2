"""A device in a process of its own, to be killed: enrols unless it is, then syncs.

One line of JSON on the standard input says which: {root, user_id, homeserver, device_id, access_token}.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from client.session.accounts import Accounts
from client.session.enrolment import enrol
from client.session.opening import hold_session
from tests.client.person import Person


async def _run(root: str, user_id: str, homeserver: str, device_id: str, access_token: str) -> None:
    account = await enrol(
        Accounts(Path(root)),
        user_id=user_id,
        homeserver=homeserver,
        device_id=device_id,
        access_token=access_token,
    )
    async with hold_session(account, welcome=lambda _: True):
        await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def device_process(person: Person) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run it for a person's device; at the end of the block at the latest it is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        said = {
            "root": str(person.root),
            "user_id": person.user_id,
            "homeserver": person.proxy.url,
            "device_id": person.login.device_id,
            "access_token": person.login.access_token,
        }
        assert process.stdin is not None
        process.stdin.write(json.dumps(said).encode() + b"\n")
        await process.stdin.drain()
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(_run(**json.loads(sys.stdin.readline())))
