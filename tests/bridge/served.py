"""A real `rogatory bridge serve` in a process of its own, which can be killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.bridge.court_desk import CourtDesk
from tests.network.rogatory import ROGATORY


@asynccontextmanager
async def serving(desk: CourtDesk, port: int, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A real `rogatory bridge serve`, from the moment in which it answers; killed at the end (kill -9)."""
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            *(ROGATORY, "bridge", "serve", "--port", str(port)),
            env=desk.rogatory.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=file,
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            line = await process.stdout.readline()
        assert b"answers at" in line, f"see {log}"
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
