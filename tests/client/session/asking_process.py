"""A process of its own that asks for a verification through a socket, to be killed: ... SOCKET USER OTHER."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from client.session.remote import connected_session


async def _ask(wanted: Path, user_id: str, other: str) -> None:
    async with connected_session(user_id, wanted) as session:
        async for step in (await session.verify(other)).steps():
            sys.stdout.write(f"{type(step).__name__}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_ask(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
