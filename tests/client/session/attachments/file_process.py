"""A process of its own that sends or saves a file, to be watched or killed.

python -m ... ROOT USER ROOM go|hold send PATH, or ... save EVENT TARGET. It says {"done", "total"} as it
goes; with `hold` it stops at the first bytes until a line comes in. Last it says {"grown": bytes}: by how
much the most memory that it ever held has grown meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from client.session.accounts import Accounts
from client.session.opening import open_session


def _say(**line: int | None) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _held() -> int:
    """Return the most bytes that this process has held in memory since it was started."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


async def _work(root: Path, user_id: str, room_id: str, hold: bool, verb: str, *arguments: str) -> None:
    def progress(done: int, total: int | None) -> None:
        _say(done=done, total=total)
        if hold and done:
            sys.stdin.readline()

    async with open_session(Accounts(root).find(user_id), welcome=lambda _: True) as session:
        before = _held()
        if verb == "send":
            await session.send_file(room_id, Path(arguments[0]), progress=progress)
        else:
            await session.save_attachment(room_id, arguments[0], Path(arguments[1]), progress=progress)
        _say(grown=_held() - before)


if __name__ == "__main__":
    asyncio.run(_work(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4] == "hold", *sys.argv[5:]))
