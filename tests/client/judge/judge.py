"""Element's client library, in a process of its own: the peer that no one here wrote."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.client.session.homeserver import Homeserver, Login

_HERE = Path(__file__).parent
needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (_HERE / "node_modules").is_dir(),
    reason="needs Node, and `npm install` in tests/client/judge",
)


class Judge:
    """matrix-js-sdk in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def tell(self, **command: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")

    async def until(self, **wanted: object) -> dict[str, Any]:
        """Return the first line that has all of `wanted`."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said: dict[str, Any] = json.loads(line)
            if wanted.items() <= said.items():
                return said
        raise AssertionError("the judge has left")

    async def ask(self, answer: str, **command: object) -> dict[str, Any]:
        """Tell it something, and return the first line that has a member `answer`."""
        self.tell(**command)
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said: dict[str, Any] = json.loads(line)
            if answer in said:
                return said
        raise AssertionError("the judge has left")


@contextlib.asynccontextmanager
async def judge(homeserver: Homeserver, login: Login, *, later_device: bool = False) -> AsyncIterator[Judge]:
    """Run it for a login; as a `later_device` it makes no identity, for the account has one."""
    process = await asyncio.create_subprocess_exec(
        "node", "judge.mjs", cwd=_HERE, limit=2**24,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        found = Judge(process)
        found.tell(
            url=homeserver.url,
            user_id=login.user_id,
            device_id=login.device_id,
            access_token=login.access_token,
            later_device=later_device,
        )
        await found.until(ready=True)
        yield found
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
