"""A process of its own that fills a gap in small pages, to be killed: python -m ... ROOT USER."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from client.session import gaps
from client.session.accounts import Accounts
from client.session.events import TimelineEvent
from client.session.opening import hold_session


async def _catch_up(root: Path, user_id: str) -> None:
    gaps._PAGE = 5
    async with hold_session(Accounts(root).find(user_id), welcome=lambda _: True) as session:
        async for update in session.updates():
            if isinstance(update, TimelineEvent):
                sys.stdout.write(f"{update.body}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_catch_up(Path(sys.argv[1]), sys.argv[2]))
