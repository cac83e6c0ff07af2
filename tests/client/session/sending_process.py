"""A process of its own that sends numbered messages, to be killed: python -m ... ROOT USER ROOM COUNT."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from client.session.accounts import Accounts
from client.session.opening import open_session


async def _send(root: Path, user_id: str, room_id: str, count: int) -> None:
    async with open_session(Accounts(root).find(user_id), welcome=lambda _: True) as session:
        _say(type(session).__name__)
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                content = {"msgtype": "m.text", "body": f"message {number}"}
                group.create_task(session.send(room_id, content, transaction_id=f"numbered-{number}"))
                await asyncio.sleep(0)
                _say(str(number))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_send(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
