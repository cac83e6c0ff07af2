"""A process of its own that backs room keys up, to be killed: python -m ... ROOT USER. Says how far it is."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from client.session.accounts import Accounts
from client.session.opening import hold_session


async def _back_up(root: Path, user_id: str) -> None:
    async with hold_session(Accounts(root).find(user_id), welcome=lambda _: True) as session:
        while True:
            state = await session.recovery_state()
            sys.stdout.write(f"{state.backed_up}\n")
            sys.stdout.flush()
            await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(_back_up(Path(sys.argv[1]), sys.argv[2]))
